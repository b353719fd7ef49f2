"""Tables of evidence: the chain."""

from django.db import models

from fabrica.server.core.fields import IdField
from fabrica.values.ids import EvidenceRecordId


class EvidenceRecord(models.Model):
    """A sealed copy of one fact. Append only; each record covers the one before."""

    sequence = models.BigIntegerField(primary_key=True)
    id = IdField(EvidenceRecordId, unique=True, default=EvidenceRecordId.new)
    fact_sequence = models.BigIntegerField(unique=True)
    fact_kind = models.CharField(max_length=80)
    subject = models.CharField(max_length=80, db_index=True)
    content = models.JSONField()
    happened_at = models.DateTimeField()
    sealed_at = models.DateTimeField()
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, unique=True)
