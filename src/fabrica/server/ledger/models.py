"""Tables of the ledger: books, accounts, reservations; and transfers with their entries, which never change."""

from django.db import models
from django.db.models import F, Q

from fabrica.server.core.fields import IdField
from fabrica.server.ledger.rules import REASON_LENGTH_MAX, SOURCES
from fabrica.values.ids import (
    AccountId,
    AllocationId,
    AttemptId,
    CorrectionId,
    OutsideUseId,
    ProjectId,
    ReservationId,
    RunId,
    SiteId,
    TransferId,
)
from fabrica.wire.ledger import AccountKind, CorrectionState, ReservationState, TransferKind

_SHA256_LENGTH = 64
_SOURCES = sorted(kind.value for kind in SOURCES)


class Book(models.Model):
    """The ledger's side of one allocation: its terms, and the head of its chain of transfers.

    Allocation and project belong to slices above or beside this one, so their ids are plain columns. Every verb
    locks this row first: changes of one allocation happen one after the other, those of two do not wait.
    """

    allocation = IdField(AllocationId, primary_key=True)
    project = IdField(ProjectId, db_index=True)
    resource_class = models.CharField(max_length=40)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(db_index=True)
    transfers_count = models.BigIntegerField(default=0)
    head_sha256 = models.CharField(max_length=_SHA256_LENGTH, default="")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="book_ends_after_start")]


class Account(models.Model):
    """One running balance, of an allocation or of a site. It equals the sum of its entries."""

    id = IdField(AccountId, primary_key=True)
    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="accounts", null=True)
    site = IdField(SiteId, null=True)
    kind = models.CharField(max_length=20, choices=[(kind.value, kind.value) for kind in AccountKind])
    resource_class = models.CharField(max_length=40)
    balance_milliseconds = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["book", "kind"], name="one_account_a_kind_of_allocation"),
            models.UniqueConstraint(fields=["site", "kind", "resource_class"], name="one_account_a_kind_of_site"),
            models.CheckConstraint(
                condition=Q(book__isnull=True, site__isnull=False) | Q(book__isnull=False, site__isnull=True),
                name="account_of_allocation_or_site",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=_SOURCES, balance_milliseconds__lte=0)
                | (~Q(kind__in=_SOURCES) & Q(balance_milliseconds__gte=0)),
                name="account_never_below_its_floor",
            ),
        ]


class Reservation(models.Model):
    """What is held for one attempt, resolved once."""

    id = IdField(ReservationId, primary_key=True)
    attempt = IdField(AttemptId, unique=True)
    run = IdField(RunId, db_index=True)
    site = IdField(SiteId)
    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="reservations")
    amount_milliseconds = models.BigIntegerField()
    charged_milliseconds = models.BigIntegerField(default=0)
    used_milliseconds = models.BigIntegerField(default=0)
    state = models.CharField(
        max_length=10,
        choices=[(state.value, state.value) for state in ReservationState],
        default=ReservationState.OPEN.value,
    )
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_milliseconds__gt=0), name="reservation_holds_something"),
            models.CheckConstraint(
                condition=Q(charged_milliseconds__gte=0, charged_milliseconds__lte=F("amount_milliseconds")),
                name="charge_never_exceeds_reservation",
            ),
            models.CheckConstraint(
                condition=Q(state=ReservationState.OPEN.value, closed_at__isnull=True)
                | (~Q(state=ReservationState.OPEN.value) & Q(closed_at__isnull=False)),
                name="reservation_open_or_closed",
            ),
        ]


class Transfer(models.Model):
    """One movement between accounts, sealed to the one before it. Append only, in the database itself."""

    sequence = models.BigAutoField(primary_key=True)
    id = IdField(TransferId, unique=True, default=TransferId.new)
    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="transfers")
    number = models.BigIntegerField()
    kind = models.CharField(max_length=10, choices=[(kind.value, kind.value) for kind in TransferKind])
    key = models.CharField(max_length=100, unique=True)
    attempt = IdField(AttemptId, null=True, db_index=True)
    run = IdField(RunId, null=True, db_index=True)
    site = IdField(SiteId, null=True)
    corrects = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="corrections")
    native_amount = models.BigIntegerField(null=True)
    native_unit = models.CharField(max_length=40, null=True)
    rate_numerator = models.BigIntegerField(null=True)
    rate_denominator = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=REASON_LENGTH_MAX)
    actor = models.CharField(max_length=200)
    approver = models.CharField(max_length=200, null=True)
    at = models.DateTimeField()
    previous_sha256 = models.CharField(max_length=_SHA256_LENGTH)
    sha256 = models.CharField(max_length=_SHA256_LENGTH)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["book", "number"], name="one_transfer_a_place_in_chain")]


class Correction(models.Model):
    """What one operator proposes to right, and what a second one decided. Its transfers are posted once approved."""

    id = IdField(CorrectionId, primary_key=True)
    transfer = models.ForeignKey(Transfer, on_delete=models.PROTECT, related_name="proposals")
    right_milliseconds = models.BigIntegerField()
    reason = models.CharField(max_length=REASON_LENGTH_MAX)
    state = models.CharField(
        max_length=10,
        choices=[(state.value, state.value) for state in CorrectionState],
        default=CorrectionState.PROPOSED.value,
    )
    proposed_by = models.CharField(max_length=200)
    proposed_at = models.DateTimeField()
    decided_by = models.CharField(max_length=200, null=True)
    decided_at = models.DateTimeField(null=True)
    decision_words = models.CharField(max_length=REASON_LENGTH_MAX, blank=True, default="")
    alone = models.BooleanField(default=False)
    posted = IdField(TransferId, null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["transfer"],
                condition=Q(state=CorrectionState.PROPOSED.value),
                name="one_open_correction_a_transfer",
            ),
            models.CheckConstraint(
                condition=~Q(state=CorrectionState.APPROVED.value) | ~Q(decided_by=F("proposed_by")) | Q(alone=True),
                name="correction_approved_by_a_second",
            ),
        ]


class Entry(models.Model):
    """One signed movement on one account. The entries of a transfer sum to zero. Append only."""

    transfer = models.ForeignKey(Transfer, on_delete=models.PROTECT, related_name="entries")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="entries")
    milliseconds = models.BigIntegerField()
    balance_after_milliseconds = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["transfer", "account"], name="one_entry_an_account_of_transfer"),
            models.CheckConstraint(condition=~Q(milliseconds=0), name="entry_moves_something"),
        ]


class OutsideUse(models.Model):
    """One start of a job that went round Fabrica, as the site's own accounting knows it: used = charged + beyond."""

    id = IdField(OutsideUseId, primary_key=True)
    site = IdField(SiteId)
    cluster = models.CharField(max_length=80)
    job = models.CharField(max_length=40)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    project = IdField(ProjectId, db_index=True)
    resource_class = models.CharField(max_length=40)
    devices = models.IntegerField(default=0)
    partition = models.CharField(max_length=100, blank=True, default="")
    slurm_account = models.CharField(max_length=100, blank=True, default="")
    site_user = models.CharField(max_length=100, blank=True, default="")
    used_milliseconds = models.BigIntegerField(default=0)
    charged_milliseconds = models.BigIntegerField(default=0)
    beyond_milliseconds = models.BigIntegerField(default=0)
    told_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["site", "cluster", "job", "started_at"], name="a_start_outside_is_counted_once"
            ),
            models.CheckConstraint(
                condition=Q(
                    charged_milliseconds__gte=0,
                    beyond_milliseconds__gte=0,
                    used_milliseconds=F("charged_milliseconds") + F("beyond_milliseconds"),
                ),
                name="outside_use_is_charged_or_beyond",
            ),
        ]
