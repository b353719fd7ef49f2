"""Corrections: proposed by one operator, decided by another."""

import django.db.models.deletion
from django.db import migrations, models

import fabrica.server.core.fields


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Correction",
            fields=[
                (
                    "id",
                    fabrica.server.core.fields.IdField(
                        "CorrectionId", max_length=40, primary_key=True, serialize=False
                    ),
                ),
                ("right_milliseconds", models.BigIntegerField()),
                ("reason", models.CharField(max_length=500)),
                (
                    "state",
                    models.CharField(
                        choices=[("proposed", "proposed"), ("approved", "approved"), ("refused", "refused")],
                        default="proposed",
                        max_length=10,
                    ),
                ),
                ("proposed_by", models.CharField(max_length=200)),
                ("proposed_at", models.DateTimeField()),
                ("decided_by", models.CharField(max_length=200, null=True)),
                ("decided_at", models.DateTimeField(null=True)),
                ("decision_words", models.CharField(blank=True, default="", max_length=500)),
                ("alone", models.BooleanField(default=False)),
                ("posted", fabrica.server.core.fields.IdField("TransferId", max_length=40, null=True)),
                (
                    "transfer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="proposals", to="ledger.transfer"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "proposed")),
                        fields=("transfer",),
                        name="one_open_correction_a_transfer",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "approved"), _negated=True),
                            models.Q(("decided_by", models.F("proposed_by")), _negated=True),
                            ("alone", True),
                            _connector="OR",
                        ),
                        name="correction_approved_by_a_second",
                    ),
                ],
            },
        ),
    ]
