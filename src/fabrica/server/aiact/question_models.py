"""The table of questions to advisers."""

from django.db import models
from django.db.models import Q

from fabrica.server.core.fields import IdField
from fabrica.values.ids import QuestionId, UserId
from fabrica.wire.questions import QuestionState

_STATES = [(state.value, state.value) for state in QuestionState]


class Question(models.Model):
    """A question that somebody passed on to an adviser. `state` has one writer: `question_service._move`."""

    id = IdField(QuestionId, primary_key=True)
    project = models.ForeignKey("people.Project", on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    context = models.TextField(blank=True, default="")
    state = models.CharField(max_length=10, choices=_STATES)
    asked_by = IdField(UserId, db_index=True)
    asked_at = models.DateTimeField()
    due_on = models.DateField()
    may_publish = models.BooleanField(default=False)
    adviser = IdField(UserId, null=True)
    reply = models.TextField(blank=True, default="")
    citations = models.JSONField(default=list)
    answered_at = models.DateTimeField(null=True)
    law = models.CharField(max_length=80, blank=True, default="")
    published_question = models.TextField(blank=True, default="")
    published_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        indexes = [models.Index(fields=["state", "due_on"], name="question_queue")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state__in=(QuestionState.ANSWERED.value, QuestionState.PUBLISHED.value))
                | (~Q(reply="") & ~Q(citations=[])),
                name="an_answer_is_cited",
            ),
            models.CheckConstraint(
                condition=~Q(state=QuestionState.PUBLISHED.value) | Q(may_publish=True), name="published_as_allowed"
            ),
        ]
