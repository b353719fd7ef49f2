"""Tables of sites: what the office decides of a site, and its agents. What a site is stands in `reference`."""

from django.db import models
from django.db.models import Q

from fabrica.server.core.fields import IdField
from fabrica.values.ids import AgentId, SiteId


class Site(models.Model):
    """A site of our own or one that has had an agent. A site of the reference data needs no row until then."""

    id = IdField(SiteId, primary_key=True)
    name = models.CharField(max_length=120)
    country = models.CharField(max_length=2, blank=True, default="")
    simulated = models.BooleanField(default=False)
    draining = models.BooleanField(default=False)
    draining_reason = models.CharField(max_length=200, blank=True, default="")


class Agent(models.Model):
    """A process that speaks for a site. At most one that is not withdrawn."""

    id = IdField(AgentId, primary_key=True)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="agents")
    name = models.CharField(max_length=80)
    token_sha256 = models.CharField(max_length=64, unique=True)
    enrolled_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    version = models.CharField(max_length=40, blank=True, default="")
    protocol = models.IntegerField(null=True)
    epoch = models.CharField(max_length=64, blank=True, default="")
    acknowledged = models.BigIntegerField(default=0)
    last_word_at = models.DateTimeField(null=True)
    inventory = models.JSONField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["site"], condition=Q(withdrawn_at__isnull=True), name="one_agent_speaks_for_a_site"
            )
        ]


class AgentEvent(models.Model):
    """An event that was taken in: its number and fingerprint, so that a repeat is known and a change is an alarm."""

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="events")
    epoch = models.CharField(max_length=64)
    sequence = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    taken_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agent", "epoch", "sequence"], name="an_event_is_taken_once")]
