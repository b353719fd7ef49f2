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
    """A process that speaks for a site, known by its public key. At most one that is not withdrawn.

    `asserted_at`: microseconds of the last challenge it answered; an older one is not taken. `people`: for whom the
    site has accounts, as ids and SHA-256 of addresses; null: it asks for none.
    """

    id = IdField(AgentId, primary_key=True)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="agents")
    name = models.CharField(max_length=80)
    public_key = models.CharField(max_length=43, blank=True, default="")
    asserted_at = models.BigIntegerField(default=0)
    enrolled_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    version = models.CharField(max_length=40, blank=True, default="")
    protocol = models.IntegerField(null=True)
    epoch = models.CharField(max_length=64, blank=True, default="")
    acknowledged = models.BigIntegerField(default=0)
    last_word_at = models.DateTimeField(null=True)
    inventory = models.JSONField(null=True)
    people = models.JSONField(null=True)
    clock_difference_seconds = models.IntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["site"], condition=Q(withdrawn_at__isnull=True), name="one_agent_speaks_for_a_site"
            )
        ]


class Invitation(models.Model):
    """A code that lets one agent be enrolled, once. Of its secret part only the fingerprint is kept."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="invitations")
    name = models.CharField(max_length=80)
    replace = models.BooleanField(default=False)
    selector = models.CharField(max_length=8, unique=True)
    secret_sha256 = models.CharField(max_length=64)
    tries = models.IntegerField(default=0)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["site"], condition=Q(closed_at__isnull=True), name="one_code_is_open_for_a_site"
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
