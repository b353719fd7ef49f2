"""Attempts are found by their site and state: a site with a long past is answered as fast as a new one."""

from django.db import migrations, models

import fabrica.server.core.fields


class Migration(migrations.Migration):
    dependencies = [
        ("runs", "0006_uploads"),
    ]

    operations = [
        migrations.AlterField(
            model_name="attempt",
            name="site_id",
            field=fabrica.server.core.fields.IdField("SiteId", max_length=40),
        ),
        migrations.AddIndex(
            model_name="attempt",
            index=models.Index(fields=["site_id", "state"], name="attempts_of_a_site_by_state"),
        ),
    ]
