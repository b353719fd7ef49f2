"""Tables of the AI Act desk: systems, versions and what belongs to them, statements, results, issued documents."""

from typing import get_args

from django.db import models
from django.db.models import Q

from fabrica.server.aiact.calendar_models import CalendarFeed
from fabrica.server.aiact.evaluation_models import Evaluator, EvaluatorReport, ImportedEvaluation
from fabrica.server.aiact.notice_models import Notice
from fabrica.server.aiact.question_models import Question
from fabrica.server.core.fields import IdField
from fabrica.server.core.models import Claimable
from fabrica.values.ids import DocumentId, RunId, SystemId, UserId, VersionId
from fabrica.wire.documents import Recipient
from fabrica.wire.systems import OrderState, Relation, StatementKind, SystemKind, VersionState

__all__ = [
    "CalendarFeed",
    "Evaluator",
    "EvaluatorReport",
    "ImportedEvaluation",
    "IssueOrder",
    "IssuedDocument",
    "Lineage",
    "Notice",
    "Question",
    "Result",
    "RunLink",
    "Statement",
    "System",
    "Version",
    "ViewGrant",
]

_KINDS = [(kind, kind) for kind in get_args(SystemKind)]
_RELATIONS = [(relation, relation) for relation in get_args(Relation)]
_STATEMENTS = [(kind, kind) for kind in get_args(StatementKind)]
_RECIPIENTS = [(recipient, recipient) for recipient in get_args(Recipient)]


class System(models.Model):
    """An AI system or a general-purpose AI model of a project. A party without an account has only its name."""

    id = IdField(SystemId, primary_key=True)
    project = models.ForeignKey("people.Project", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=_KINDS)
    name = models.CharField(max_length=120)
    purpose = models.TextField(blank=True, default="")
    provider = models.ForeignKey("people.Organisation", on_delete=models.PROTECT, null=True, related_name="+")
    provider_name = models.CharField(max_length=200)
    deployer = models.ForeignKey("people.Organisation", on_delete=models.PROTECT, null=True, related_name="+")
    deployer_name = models.CharField(max_length=200, blank=True, default="")
    registered_by = IdField(UserId)
    registered_at = models.DateTimeField()
    amended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="one_system_a_name")]


class Version(models.Model):
    """One version of a system. `state` has one writer: `service._move`."""

    id = IdField(VersionId, primary_key=True)
    system = models.ForeignKey(System, on_delete=models.PROTECT, related_name="versions")
    label = models.CharField(max_length=40)
    state = models.CharField(max_length=12, choices=[(state.value, state.value) for state in VersionState])
    changes = models.TextField(blank=True, default="")
    replaces = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="replaced_by")
    modification = models.JSONField(null=True)
    market_on = models.DateField(null=True)
    service_on = models.DateField(null=True)
    withdrawn_on = models.DateField(null=True)
    withdrawn_because = models.TextField(blank=True, default="")
    created_by = IdField(UserId)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["system", "label"], name="one_version_a_label")]


class Lineage(models.Model):
    """What a version was made from: another version here, or a model from outside with its source."""

    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="lineage")
    relation = models.CharField(max_length=16, choices=_RELATIONS)
    parent = models.ForeignKey(Version, on_delete=models.PROTECT, null=True, related_name="children")
    outside = models.JSONField(null=True)
    stated_by = IdField(UserId)
    stated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(parent__isnull=True, outside__isnull=False) | Q(parent__isnull=False, outside__isnull=True),
                name="a_parent_is_here_or_outside",
            ),
            models.UniqueConstraint(fields=["version", "parent"], name="one_line_a_parent"),
        ]


class RunLink(models.Model):
    """A run that belongs to a version: it trained, evaluated or otherwise made it."""

    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="runs")
    run_id = IdField(RunId, db_index=True)
    linked_by = IdField(UserId)
    linked_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "run_id"], name="a_run_is_linked_once")]


class Statement(models.Model):
    """What a person said of a version. Append only: the newest of a kind and key stands, the others are its history."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="statements")
    kind = models.CharField(max_length=10, choices=_STATEMENTS)
    key = models.CharField(max_length=80, blank=True, default="")
    body = models.JSONField()
    said_by = IdField(UserId)
    function = models.CharField(max_length=120, blank=True, default="")
    said_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["version", "kind", "key", "id"], name="statement_newest")]


class Result(models.Model):
    """What the desk found for a version's facts under one state of the law's data. Append only; the newest stands."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="results")
    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, related_name="+")
    law_sha256 = models.CharField(max_length=64, db_index=True)
    as_of = models.DateField()
    body = models.JSONField()
    differences = models.JSONField(default=list)
    found_at = models.DateTimeField()


class IssueOrder(Claimable):
    """A complete document that somebody issues, as it was on the moment they asked; its files are written after."""

    id = IdField(DocumentId, primary_key=True)
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="orders")
    template = models.CharField(max_length=40)
    recipient = models.CharField(max_length=12, choices=_RECIPIENTS)
    number = models.IntegerField()
    formats = models.JSONField()
    document = models.JSONField()
    state = models.CharField(max_length=10, choices=[(state.value, state.value) for state in OrderState])
    words = models.TextField(blank=True, default="")
    ordered_by = IdField(UserId)
    ordered_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["version", "template", "recipient"],
                condition=Q(state=OrderState.ORDERED.value),
                name="one_issue_at_a_time",
            )
        ]


class IssuedDocument(models.Model):
    """An issued version of a document: the signed list of its files, chained to the one before. Append only."""

    id = IdField(DocumentId, primary_key=True)
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="documents")
    template = models.CharField(max_length=40)
    recipient = models.CharField(max_length=12, choices=_RECIPIENTS)
    number = models.IntegerField()
    manifest = models.TextField()
    manifest_sha256 = models.CharField(max_length=64, unique=True)
    signature = models.CharField(max_length=100)
    earlier_sha256 = models.CharField(max_length=64, null=True)  # null: no hash, rather than an empty one
    document = models.JSONField()
    issued_by = IdField(UserId)
    issued_at = models.DateTimeField()
    keep_until = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "template", "recipient", "number"], name="one_issue_a_number"),
            models.CheckConstraint(
                condition=Q(number=1, earlier_sha256__isnull=True) | Q(number__gt=1, earlier_sha256__isnull=False),
                name="an_issue_follows_the_one_before",
            ),
        ]


class ViewGrant(models.Model):
    """Who, without being a member, may read what was issued of a version for one kind of recipient."""

    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="view_grants")
    user_id = IdField(UserId, db_index=True)
    recipient = models.CharField(max_length=12, choices=_RECIPIENTS)
    granted_by = IdField(UserId)
    granted_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "user_id", "recipient"], name="one_grant_a_view")]
