from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("aiact", "0003_calendar_feed"),
    ]

    operations = [
        migrations.AddField(
            model_name="system",
            name="amended_at",
            field=models.DateTimeField(null=True),
        ),
    ]
