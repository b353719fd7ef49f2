"""Reads of attachments, for their own files: each asks who may see one."""

from datetime import timedelta

from fabrica.server.attachments.models import Attachment
from fabrica.server.core import clock
from fabrica.values.ids import AttachmentId, SiteId
from fabrica.wire import attachments as wire

UNTAKEN = timedelta(seconds=90)
"""An attachment that its site has not taken by then is not offered any more; nobody waits for it so long."""


def attachment(attachment: AttachmentId) -> Attachment | None:
    """Return an attachment of any process of this server; None: there never was one, or it is long over."""
    return Attachment.objects.filter(id=attachment).first()


def untaken(site: SiteId) -> list[wire.Attachment]:
    """Return the attachments that a site is to take, oldest first."""
    rows = Attachment.objects.filter(
        site=site, taken_at__isnull=True, ended_at__isnull=True, attached_at__gt=clock.now() - UNTAKEN
    )
    return [as_wire(row) for row in rows.order_by("number")]


def as_wire(row: Attachment) -> wire.Attachment:
    """Return an attachment as it is told."""
    return wire.Attachment.model_validate(
        {"id": row.id, "run": row.run, "attempt": row.attempt, "number": row.number, "kind": row.kind}
    )
