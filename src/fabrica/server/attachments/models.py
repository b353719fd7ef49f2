"""The table of attachments: who is attached to what, and which process of this server holds the bytes."""

from django.db import models

from fabrica.server.core.fields import IdField
from fabrica.values.ids import AttachmentId, AttemptId, RunId, SiteId, UserId


class Attachment(models.Model):
    """One person's connection to one run. Of what passes through it nothing is stored.

    `process`: who holds the bytes, drawn anew at each start. `address`: where other processes reach it; empty: nowhere.
    """

    number = models.BigAutoField(primary_key=True)
    id = IdField(AttachmentId, unique=True)
    run = IdField(RunId, db_index=True)
    attempt = IdField(AttemptId)
    site = IdField(SiteId)
    person = IdField(UserId)
    kind = models.CharField(max_length=10)
    process = models.CharField(max_length=40)
    address = models.CharField(max_length=200, blank=True, default="")
    attached_at = models.DateTimeField(db_index=True)
    taken_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
