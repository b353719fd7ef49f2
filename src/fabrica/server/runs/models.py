"""Tables of runs: uploads, runs, attempts, log chunks, metric points, artifacts."""

from django.db import models
from django.db.models import Q

from fabrica.server.core.fields import IdField
from fabrica.server.core.models import Claimable
from fabrica.values.ids import AllocationId, AttemptId, PlacementId, RunId, SiteId, UserId
from fabrica.values.states import AttemptState, EndReason, RunState


class Upload(models.Model):
    """That a person or a site had all bytes under a hash and sent them, so they may name what lies there.

    `sender`: the id of the person who sent a source bundle, or of the site that sent a file of its runs.
    """

    sha256 = models.CharField(max_length=64)
    sender = models.CharField(max_length=80)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sha256", "sender"], name="an_upload_is_noted_once")]


class Run(Claimable):
    """What a user asked, and where it is. `state` has one writer: `service._move`."""

    id = IdField(RunId, primary_key=True)
    project = models.ForeignKey("people.Project", on_delete=models.PROTECT, related_name="+")
    submitted_by = IdField(UserId)
    name = models.CharField(max_length=200)
    spec = models.JSONField()
    state = models.CharField(max_length=12, choices=[(state.value, state.value) for state in RunState], db_index=True)
    reason = models.CharField(max_length=40, blank=True, default="")
    words = models.TextField(blank=True, default="")
    fence = models.IntegerField(default=0)
    try_after = models.DateTimeField(null=True)
    cancel_requested_at = models.DateTimeField(null=True)
    submitted_at = models.DateTimeField(db_index=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)


class Attempt(models.Model):
    """One try at a run on one site. `state` has one writer: `service._move_attempt`.

    `devices`: that all its tasks ask for; 0 where it was offered before this was kept.
    """

    id = IdField(AttemptId, primary_key=True)
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="attempts")
    number = models.IntegerField()
    fence = models.IntegerField()
    site_id = IdField(SiteId)
    partition = models.CharField(max_length=80)
    devices = models.IntegerField(default=0)
    placement_id = IdField(PlacementId)
    allocation_id = IdField(AllocationId)
    simulated = models.BooleanField(default=False)
    state = models.CharField(
        max_length=10, choices=[(state.value, state.value) for state in AttemptState], db_index=True
    )
    reason = models.CharField(
        max_length=24, blank=True, default="", choices=[(reason.value, reason.value) for reason in EndReason]
    )
    words = models.TextField(blank=True, default="")
    exit_code = models.IntegerField(null=True)
    handle = models.CharField(max_length=200, blank=True, default="")
    accept_before = models.DateTimeField()
    offered_at = models.DateTimeField()
    observed_at = models.DateTimeField(null=True)
    queued_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    wait_q50_seconds = models.FloatField(null=True)
    wait_q90_seconds = models.FloatField(null=True)
    wait_samples = models.IntegerField(default=0)
    expected_start_at = models.DateTimeField(null=True)
    tasks = models.TextField(blank=True, default="")
    usage = models.JSONField(default=dict)
    charged_milliseconds = models.BigIntegerField(default=0)
    log_dropped_bytes = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "number"], name="an_attempt_has_its_number"),
            models.UniqueConstraint(
                fields=["run"], condition=~Q(state=AttemptState.ENDED.value), name="one_attempt_is_alive"
            ),
        ]
        indexes = [models.Index(fields=["site_id", "state"], name="attempts_of_a_site_by_state")]


class LogChunk(models.Model):
    """A piece of an attempt's log, as it came. Append only."""

    attempt = models.ForeignKey(Attempt, on_delete=models.PROTECT, related_name="log_chunks")
    offset = models.BigIntegerField()
    length = models.IntegerField()
    text = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["attempt", "offset"], name="a_log_byte_is_stored_once")]


class MetricPoint(models.Model):
    """One value of one metric at one step. Append only."""

    attempt = models.ForeignKey(Attempt, on_delete=models.PROTECT, related_name="metric_points")
    name = models.CharField(max_length=200)
    step = models.BigIntegerField()
    value = models.FloatField(null=True)

    class Meta:
        indexes = [models.Index(fields=["attempt", "name", "id"], name="metric_in_order")]


class Artifact(models.Model):
    """One file an attempt left behind, in storage by its SHA-256. Append only."""

    attempt = models.ForeignKey(Attempt, on_delete=models.PROTECT, related_name="artifacts")
    path = models.CharField(max_length=300)
    sha256 = models.CharField(max_length=64, db_index=True)
    bytes = models.BigIntegerField()
    kind = models.CharField(max_length=10)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["attempt", "kind", "path"], name="a_path_is_kept_once")]
