"""Tables of planning: saved scenarios."""

from django.db import models
from django.db.models import Q

from fabrica.server.core.fields import IdField
from fabrica.server.core.models import Claimable
from fabrica.values.ids import ScenarioId
from fabrica.wire.scenarios import NAME_CHARACTERS_MAX, ScenarioState


class Scenario(Claimable):
    """What somebody asked, with what facts it is run, how far it is, and what came out."""

    id = IdField(ScenarioId, primary_key=True)
    kind = models.CharField(max_length=20, choices=[(kind, kind) for kind in ("network", "siting", "pair")])
    name = models.CharField(max_length=NAME_CHARACTERS_MAX)
    text = models.TextField()
    seed = models.PositiveIntegerField()
    author = models.ForeignKey("people.User", on_delete=models.CASCADE, related_name="+")
    project = models.ForeignKey("people.Project", null=True, on_delete=models.SET_NULL, related_name="+")
    with_office = models.BooleanField(default=False)
    link_generation = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=12, choices=[(state.value, state.value) for state in ScenarioState])
    progress = models.FloatField(null=True)
    progress_words = models.CharField(max_length=200, blank=True, default="")
    attempts = models.PositiveSmallIntegerField(default=0)
    cancel_requested_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    package_version = models.CharField(max_length=40)
    data_version = models.CharField(max_length=12)
    result = models.JSONField(null=True)
    problem = models.JSONField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state=ScenarioState.DONE, result__isnull=False) | ~Q(state=ScenarioState.DONE),
                name="a_done_scenario_has_its_result",
            )
        ]
        indexes = [models.Index(fields=["author", "-id"]), models.Index(fields=["state"])]
