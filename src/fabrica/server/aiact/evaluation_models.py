"""Tables of evaluations: imported logs, independent evaluators, and their signed reports."""

from django.db import models
from django.db.models import Q

from fabrica.server.core.fields import IdField
from fabrica.values.ids import EvaluationId, EvaluatorId, ReportId, UserId
from fabrica.wire.evaluators import EvaluatorState

_EVALUATOR_STATES = [(state.value, state.value) for state in EvaluatorState]


class ImportedEvaluation(models.Model):
    """What the log of an evaluation says; the log itself lies in storage under its hash."""

    id = IdField(EvaluationId, primary_key=True)
    version = models.ForeignKey("aiact.Version", on_delete=models.PROTECT, related_name="evaluations")
    sha256 = models.CharField(max_length=64)
    body = models.JSONField()
    imported_by = IdField(UserId)
    imported_at = models.DateTimeField()
    taken_back_because = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["version", "sha256"], condition=Q(taken_back_because=""), name="one_import_a_log"
            )
        ]


class Evaluator(models.Model):
    """A body or person invited to one version, with a code that works once. `state` has one writer.

    Of the code's secret part only the fingerprint is kept. `documents`: ids of issued documents they may read.
    """

    id = IdField(EvaluatorId, primary_key=True)
    version = models.ForeignKey("aiact.Version", on_delete=models.PROTECT, related_name="evaluators")
    state = models.CharField(max_length=10, choices=_EVALUATOR_STATES)
    name = models.CharField(max_length=200)
    independence = models.TextField()
    contract = models.CharField(max_length=200, blank=True, default="")
    documents = models.JSONField(default=list)
    invited_by = IdField(UserId)
    invited_at = models.DateTimeField()
    selector = models.CharField(max_length=8, unique=True)
    secret_sha256 = models.CharField(max_length=64)
    tries = models.IntegerField(default=0)
    code_expires_at = models.DateTimeField()
    access_ends_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    signatory = models.CharField(max_length=200, blank=True, default="")
    public_key = models.CharField(max_length=43, blank=True, default="")
    withdrawn_because = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(state=EvaluatorState.ACCEPTED.value) | ~Q(public_key=""), name="accepted_with_a_key"
            )
        ]


class EvaluatorReport(models.Model):
    """A signed report as it was received; its bytes lie in storage under their hash. Append only."""

    id = IdField(ReportId, primary_key=True)
    evaluator = models.ForeignKey(Evaluator, on_delete=models.PROTECT, related_name="reports")
    title = models.CharField(max_length=200)
    file = models.CharField(max_length=200)
    bytes = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    signature = models.TextField()
    signatory = models.CharField(max_length=200)
    public_key = models.CharField(max_length=43)
    signed_at = models.DateTimeField()
    received_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["evaluator", "sha256"], name="a_report_is_received_once")]
