"""Source bundles: who may run one by its hash alone."""

from fabrica.server.core.actors import Actor
from fabrica.server.core.storage import open_storage
from fabrica.server.people import queries as people
from fabrica.server.runs import uploads
from fabrica.server.runs.models import Run


def may_run(by: Actor, sha256: str) -> bool:
    """Return whether a bundle is here and the actor may run it by its hash.

    They may when they sent it themselves, or when a project that they work in ran it. Else whoever learns a hash could
    let a run copy what lies under it.
    """
    if by.user is None or not open_storage().has(sha256):
        return False
    if not uploads.not_sent(by.user, [sha256]):
        return True
    mine = [project.id for project in people.projects(by) if project.role in ("lead", "member")]
    return Run.objects.filter(project_id__in=mine, spec__bundle_sha256=sha256).exists()
