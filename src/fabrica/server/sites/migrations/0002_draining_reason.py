"""Why a site takes no new runs."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sites", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="site",
            name="draining_reason",
            field=models.CharField(blank=True, default="", max_length=200),
        ),
    ]
