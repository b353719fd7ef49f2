"""Who sent which source bundle."""

from django.db import migrations, models

import fabrica.server.core.fields


class Migration(migrations.Migration):
    dependencies = [
        ("runs", "0005_alter_attempt_reason"),
    ]

    operations = [
        migrations.CreateModel(
            name="BundleUpload",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sha256", models.CharField(max_length=64)),
                ("user", fabrica.server.core.fields.IdField("UserId", max_length=40)),
                ("at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("sha256", "user"), name="an_upload_is_noted_once"),
                ],
            },
        ),
    ]
