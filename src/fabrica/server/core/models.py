"""Tables of the core: facts, audit lines, idempotency keys, and the columns of a claim."""

from django.db import models

from fabrica.server.core.fields import IdField
from fabrica.values.ids import FactId


class Fact(models.Model):
    """Something that became true, stored with the change that made it so. Append only."""

    sequence = models.BigAutoField(primary_key=True)
    id = IdField(FactId, unique=True, default=FactId.new)
    kind = models.CharField(max_length=80)
    subject = models.CharField(max_length=80, db_index=True)
    body = models.JSONField()
    actor = models.CharField(max_length=200)
    at = models.DateTimeField()


class AuditLine(models.Model):
    """One verb asked by one actor: done or refused. Append only."""

    verb = models.CharField(max_length=80)
    actor = models.CharField(max_length=200)
    outcome = models.CharField(max_length=10, choices=[("done", "done"), ("refused", "refused")])
    subjects = models.JSONField()
    at = models.DateTimeField()


class IdempotencyKey(models.Model):
    """The answer once given to a request, so that the same request sent twice is answered alike."""

    actor = models.CharField(max_length=80)
    key = models.CharField(max_length=100)
    request_sha256 = models.CharField(max_length=64)
    answer = models.JSONField()
    at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["actor", "key"], name="one_answer_a_key")]


class Claimable(models.Model):
    """The columns of a claim: who works on a row, and until when nobody else does."""

    claim_token = models.CharField(max_length=40, default="", editable=False)
    claimed_until = models.DateTimeField(null=True, editable=False)

    class Meta:
        abstract = True
