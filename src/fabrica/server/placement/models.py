"""Tables of placement: kept decisions."""

from django.db import models

from fabrica.server.core.fields import IdField
from fabrica.values.ids import PlacementId, RunId, SiteId


class PlacementDecision(models.Model):
    """One decision with the snapshot it was made from, so that it can be replayed to the same answer. Append only.

    Snapshot and answer are canonical JSON, compressed by `rules.pack`: with every reason for every site an answer
    is 300 kB of text, and 18 kB packed.
    """

    id = IdField(PlacementId, primary_key=True)
    run_id = IdField(RunId, db_index=True)
    decided_at = models.DateTimeField()
    policy_version = models.CharField(max_length=40)
    chosen_site_id = IdField(SiteId, null=True)
    snapshot = models.BinaryField()
    snapshot_sha256 = models.CharField(max_length=64)
    nearest = models.TextField(blank=True, default="")
    answer = models.BinaryField()
