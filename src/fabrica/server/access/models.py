"""Tables of access: allocations."""

from django.db import models
from django.db.models import F, Q

from fabrica.server.core.fields import IdField
from fabrica.values.ids import AllocationId, SiteId


class Allocation(models.Model):
    """What an operator granted a project. How much of it is left is the ledger's to say."""

    id = IdField(AllocationId, primary_key=True)
    project = models.ForeignKey("people.Project", on_delete=models.PROTECT, related_name="+")
    resource_class = models.CharField(max_length=40)
    site_id = IdField(SiteId, null=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    note = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="allocation_ends_later")]


class LimitsSeen(models.Model):
    """What a site's agent last said of how allocations stand as limits in its Slurm."""

    site = IdField(SiteId, primary_key=True)
    report = models.JSONField()
    told_at = models.DateTimeField()
