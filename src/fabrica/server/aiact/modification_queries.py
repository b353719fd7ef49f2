"""The check whether a version modifies another substantially, made from what the register holds."""

from fabrica.aiact.compute import INITIAL_WEIGHTS
from fabrica.aiact.modification import Origin, Release, check_modification
from fabrica.server.aiact import account_queries, queries
from fabrica.server.aiact.models import Version
from fabrica.server.core.actors import Actor
from fabrica.values.ids import VersionId
from fabrica.wire.systems import ChangeAnswers, Modification


def modification(by: Actor, version: VersionId, replaces: VersionId | None, told: ChangeAnswers) -> Modification | None:
    """Return the check of a version against the one it would replace; None: there is nothing that it modifies.

    Raises:
        NotFound: there is no such version, or the actor may not see it.
    """
    row = queries.version_row(by, version)
    origin = _made_from(row)
    if replaces is None and origin == "nothing":
        return None
    before = Release(queries.newest_result(queries.version_row(by, replaces).pk), None) if replaces else None
    account = account_queries.accounts(by, row).compute if row.system.kind == "model" else None
    after = Release(queries.newest_result(version), account)
    return check_modification(queries.kind_of(row), before or Release(None, None), after, told, origin)


def _made_from(row: Version) -> Origin:
    """Return whose models' weights a version starts from."""
    lines = [one for one in queries.lineage_rows(row.pk) if account_queries.tag_of(one.relation) == INITIAL_WEIGHTS]
    if not lines:
        return "nothing"
    own = all(one.parent and one.parent.system.provider_name == row.system.provider_name for one in lines)
    return "own" if own else "others"
