"""The table of calendar addresses."""

from django.db import models
from django.db.models import Q

from fabrica.server.core.fields import IdField
from fabrica.values.ids import FeedId, UserId


class CalendarFeed(models.Model):
    """An address at which a person's calendar reads the days of a project. The address is signed, not kept."""

    id = IdField(FeedId, primary_key=True)
    user_id = IdField(UserId)
    project = models.ForeignKey("people.Project", on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user_id", "project"], condition=Q(closed_at__isnull=True), name="one_open_feed_a_project"
            )
        ]
