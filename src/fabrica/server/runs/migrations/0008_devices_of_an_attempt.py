"""An attempt keeps how many devices it asks for, so that placement can count what waits of our own at a partition."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("runs", "0007_attempts_of_a_site"),
    ]

    operations = [
        migrations.AddField(
            model_name="attempt",
            name="devices",
            field=models.IntegerField(default=0),
        ),
    ]
