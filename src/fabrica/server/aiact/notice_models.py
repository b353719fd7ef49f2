"""The table of e-mail that waits to be sent, or was."""

from django.db import models

from fabrica.server.core.fields import IdField
from fabrica.server.core.models import Claimable
from fabrica.values.ids import UserId


class Notice(Claimable):
    """A message to one person; `key` says what it tells of, so that nobody is told twice. Old ones are deleted."""

    user_id = IdField(UserId)
    key = models.CharField(max_length=200)
    subject = models.CharField(max_length=200)
    body = models.TextField()
    made_at = models.DateTimeField()
    try_after = models.DateTimeField()
    tries = models.IntegerField(default=0)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user_id", "key"], name="nobody_is_told_twice")]
