"""Who is attached to what, and which process of the server holds the bytes."""

from django.db import migrations, models

import fabrica.server.core.fields


class Migration(migrations.Migration):
    initial = True

    operations = [
        migrations.CreateModel(
            name="Attachment",
            fields=[
                ("number", models.BigAutoField(primary_key=True, serialize=False)),
                ("id", fabrica.server.core.fields.IdField("AttachmentId", max_length=40, unique=True)),
                ("run", fabrica.server.core.fields.IdField("RunId", db_index=True, max_length=40)),
                ("attempt", fabrica.server.core.fields.IdField("AttemptId", max_length=40)),
                ("site", fabrica.server.core.fields.IdField("SiteId", max_length=40)),
                ("person", fabrica.server.core.fields.IdField("UserId", max_length=40)),
                ("kind", models.CharField(max_length=10)),
                ("process", models.CharField(max_length=40)),
                ("address", models.CharField(blank=True, default="", max_length=200)),
                ("attached_at", models.DateTimeField(db_index=True)),
                ("taken_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
            ],
        ),
    ]
