from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0004_last_used"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="mail_wanted",
            field=models.BooleanField(default=True),
        ),
    ]
