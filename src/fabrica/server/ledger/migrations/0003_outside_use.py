"""Use outside Fabrica: what jobs that went round it used, counted once."""

import django.db.models.expressions
from django.db import migrations, models

import fabrica.server.core.fields


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0002_corrections"),
    ]

    operations = [
        migrations.AlterField(
            model_name="transfer",
            name="kind",
            field=models.CharField(
                choices=[
                    ("grant", "grant"),
                    ("reserve", "reserve"),
                    ("charge", "charge"),
                    ("outside", "outside"),
                    ("release", "release"),
                    ("waive", "waive"),
                    ("expire", "expire"),
                    ("reverse", "reverse"),
                    ("correct", "correct"),
                ],
                max_length=10,
            ),
        ),
        migrations.CreateModel(
            name="OutsideUse",
            fields=[
                (
                    "id",
                    fabrica.server.core.fields.IdField(
                        "OutsideUseId", max_length=40, primary_key=True, serialize=False
                    ),
                ),
                ("site", fabrica.server.core.fields.IdField("SiteId", max_length=40)),
                ("cluster", models.CharField(max_length=80)),
                ("job", models.CharField(max_length=40)),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("project", fabrica.server.core.fields.IdField("ProjectId", db_index=True, max_length=40)),
                ("resource_class", models.CharField(max_length=40)),
                ("devices", models.IntegerField(default=0)),
                ("partition", models.CharField(blank=True, default="", max_length=100)),
                ("slurm_account", models.CharField(blank=True, default="", max_length=100)),
                ("site_user", models.CharField(blank=True, default="", max_length=100)),
                ("used_milliseconds", models.BigIntegerField(default=0)),
                ("charged_milliseconds", models.BigIntegerField(default=0)),
                ("beyond_milliseconds", models.BigIntegerField(default=0)),
                ("told_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("site", "cluster", "job", "started_at"), name="a_start_outside_is_counted_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("beyond_milliseconds__gte", 0),
                            ("charged_milliseconds__gte", 0),
                            (
                                "used_milliseconds",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("charged_milliseconds"), "+", models.F("beyond_milliseconds")
                                ),
                            ),
                        ),
                        name="outside_use_is_charged_or_beyond",
                    ),
                ],
            },
        ),
    ]
