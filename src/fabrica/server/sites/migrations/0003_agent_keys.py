"""Agents are known by a key of their own, and enrolled with a code; they tell whom their site has accounts for."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sites", "0002_draining_reason")]

    operations = [
        migrations.RemoveField(model_name="agent", name="token_sha256"),
        migrations.AddField(
            model_name="agent", name="public_key", field=models.CharField(blank=True, default="", max_length=43)
        ),
        migrations.AddField(model_name="agent", name="asserted_at", field=models.BigIntegerField(default=0)),
        migrations.AddField(model_name="agent", name="people", field=models.JSONField(null=True)),
        migrations.AddField(model_name="agent", name="clock_difference_seconds", field=models.IntegerField(null=True)),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80)),
                ("replace", models.BooleanField(default=False)),
                ("selector", models.CharField(max_length=8, unique=True)),
                ("secret_sha256", models.CharField(max_length=64)),
                ("tries", models.IntegerField(default=0)),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
                (
                    "agent",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="sites.agent"
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="invitations", to="sites.site"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("closed_at__isnull", True)),
                        fields=("site",),
                        name="one_code_is_open_for_a_site",
                    )
                ],
            },
        ),
    ]
