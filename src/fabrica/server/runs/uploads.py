"""Uploads: who has sent which content, and may therefore name it by its hash alone.

People send source bundles, sites the files of their runs. Knowing a hash is not enough: else whoever learns one could
have what lies under it told as their own.
"""

from collections.abc import Collection

from fabrica.server.core import clock
from fabrica.server.core.actors import Actor
from fabrica.server.core.verbs import verb
from fabrica.server.runs import permissions
from fabrica.server.runs.models import Upload


@verb(may=permissions.sends)
def note(by: Actor, *, hashes: Collection[str]) -> None:
    """Note that the actor sent all bytes under these hashes; noting them twice changes nothing."""
    sender, now = by.site or by.user, clock.now()
    assert sender is not None, "people and sites upload"
    rows = [Upload(sha256=sha256, sender=sender, at=now) for sha256 in hashes]
    Upload.objects.bulk_create(rows, ignore_conflicts=True)


def not_sent(sender: str, hashes: Collection[str]) -> set[str]:
    """Return those hashes of which a person or a site has not sent the bytes."""
    rows = Upload.objects.filter(sender=sender, sha256__in=hashes) if hashes else Upload.objects.none()
    return set(hashes) - set(rows.values_list("sha256", flat=True))
