import django.db.models.deletion
from django.db import migrations, models

import fabrica.server.core.fields
from fabrica.server.core.append_only import AppendOnly


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Book",
            fields=[
                (
                    "allocation",
                    fabrica.server.core.fields.IdField(
                        "AllocationId", max_length=40, primary_key=True, serialize=False
                    ),
                ),
                ("project", fabrica.server.core.fields.IdField("ProjectId", db_index=True, max_length=40)),
                ("resource_class", models.CharField(max_length=40)),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField(db_index=True)),
                ("transfers_count", models.BigIntegerField(default=0)),
                ("head_sha256", models.CharField(default="", max_length=64)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="book_ends_after_start"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Account",
            fields=[
                (
                    "id",
                    fabrica.server.core.fields.IdField("AccountId", max_length=40, primary_key=True, serialize=False),
                ),
                ("site", fabrica.server.core.fields.IdField("SiteId", max_length=40, null=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("granted", "granted"),
                            ("available", "available"),
                            ("reserved", "reserved"),
                            ("consumed", "consumed"),
                            ("expired", "expired"),
                            ("capacity", "capacity"),
                            ("delivered", "delivered"),
                            ("waived", "waived"),
                        ],
                        max_length=20,
                    ),
                ),
                ("resource_class", models.CharField(max_length=40)),
                ("balance_milliseconds", models.BigIntegerField(default=0)),
                (
                    "book",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="accounts",
                        to="ledger.book",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Reservation",
            fields=[
                (
                    "id",
                    fabrica.server.core.fields.IdField(
                        "ReservationId", max_length=40, primary_key=True, serialize=False
                    ),
                ),
                ("attempt", fabrica.server.core.fields.IdField("AttemptId", max_length=40, unique=True)),
                ("run", fabrica.server.core.fields.IdField("RunId", db_index=True, max_length=40)),
                ("site", fabrica.server.core.fields.IdField("SiteId", max_length=40)),
                ("amount_milliseconds", models.BigIntegerField()),
                ("charged_milliseconds", models.BigIntegerField(default=0)),
                ("used_milliseconds", models.BigIntegerField(default=0)),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "open"), ("released", "released"), ("waived", "waived")],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("opened_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
                (
                    "book",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="reservations", to="ledger.book"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Transfer",
            fields=[
                ("sequence", models.BigAutoField(primary_key=True, serialize=False)),
                ("id", fabrica.server.core.fields.IdField("TransferId", max_length=40, unique=True)),
                ("number", models.BigIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("grant", "grant"),
                            ("reserve", "reserve"),
                            ("charge", "charge"),
                            ("release", "release"),
                            ("waive", "waive"),
                            ("expire", "expire"),
                            ("reverse", "reverse"),
                            ("correct", "correct"),
                        ],
                        max_length=10,
                    ),
                ),
                ("key", models.CharField(max_length=100, unique=True)),
                ("attempt", fabrica.server.core.fields.IdField("AttemptId", db_index=True, max_length=40, null=True)),
                ("run", fabrica.server.core.fields.IdField("RunId", db_index=True, max_length=40, null=True)),
                ("site", fabrica.server.core.fields.IdField("SiteId", max_length=40, null=True)),
                ("native_amount", models.BigIntegerField(null=True)),
                ("native_unit", models.CharField(max_length=40, null=True)),
                ("rate_numerator", models.BigIntegerField(null=True)),
                ("rate_denominator", models.BigIntegerField(null=True)),
                ("reason", models.CharField(max_length=500)),
                ("actor", models.CharField(max_length=200)),
                ("approver", models.CharField(max_length=200, null=True)),
                ("at", models.DateTimeField()),
                ("previous_sha256", models.CharField(max_length=64)),
                ("sha256", models.CharField(max_length=64)),
                (
                    "book",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="transfers", to="ledger.book"
                    ),
                ),
                (
                    "corrects",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corrections",
                        to="ledger.transfer",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("milliseconds", models.BigIntegerField()),
                ("balance_after_milliseconds", models.BigIntegerField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="entries", to="ledger.account"
                    ),
                ),
                (
                    "transfer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="entries", to="ledger.transfer"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.UniqueConstraint(fields=("book", "kind"), name="one_account_a_kind_of_allocation"),
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.UniqueConstraint(
                fields=("site", "kind", "resource_class"), name="one_account_a_kind_of_site"
            ),
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("book__isnull", True), ("site__isnull", False)),
                    models.Q(("book__isnull", False), ("site__isnull", True)),
                    _connector="OR",
                ),
                name="account_of_allocation_or_site",
            ),
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("balance_milliseconds__lte", 0), ("kind__in", ["capacity", "granted"])),
                    models.Q(
                        models.Q(("kind__in", ["capacity", "granted"]), _negated=True), ("balance_milliseconds__gte", 0)
                    ),
                    _connector="OR",
                ),
                name="account_never_below_its_floor",
            ),
        ),
        migrations.AddConstraint(
            model_name="reservation",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_milliseconds__gt", 0)), name="reservation_holds_something"
            ),
        ),
        migrations.AddConstraint(
            model_name="reservation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("charged_milliseconds__gte", 0), ("charged_milliseconds__lte", models.F("amount_milliseconds"))
                ),
                name="charge_never_exceeds_reservation",
            ),
        ),
        migrations.AddConstraint(
            model_name="reservation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("closed_at__isnull", True), ("state", "open")),
                    models.Q(models.Q(("state", "open"), _negated=True), ("closed_at__isnull", False)),
                    _connector="OR",
                ),
                name="reservation_open_or_closed",
            ),
        ),
        migrations.AddConstraint(
            model_name="transfer",
            constraint=models.UniqueConstraint(fields=("book", "number"), name="one_transfer_a_place_in_chain"),
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.UniqueConstraint(fields=("transfer", "account"), name="one_entry_an_account_of_transfer"),
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.CheckConstraint(
                condition=models.Q(("milliseconds", 0), _negated=True), name="entry_moves_something"
            ),
        ),
        AppendOnly("ledger_transfer"),
        AppendOnly("ledger_entry"),
    ]
