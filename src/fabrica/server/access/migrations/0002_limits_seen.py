"""How allocations stand as limits at a site, as its agent last said."""

from django.db import migrations, models

import fabrica.server.core.fields


class Migration(migrations.Migration):
    dependencies = [
        ("access", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="LimitsSeen",
            fields=[
                (
                    "site",
                    fabrica.server.core.fields.IdField("SiteId", max_length=40, primary_key=True, serialize=False),
                ),
                ("report", models.JSONField()),
                ("told_at", models.DateTimeField()),
            ],
        ),
    ]
