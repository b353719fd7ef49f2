"""REST endpoints of evidence."""

from ninja import Router

from fabrica.server.core.requests import Asked
from fabrica.server.evidence import queries
from fabrica.server.runs import queries as runs
from fabrica.values.ids import RunId
from fabrica.wire.evidence import ChainReport, EvidenceRecord
from fabrica.wire.problems import NotAllowed

router = Router(tags=["evidence"])


@router.get("/runs/{run}/evidence", response=list[EvidenceRecord])
def of_run(request: Asked, run: RunId) -> list[EvidenceRecord]:
    """The sealed records of a run."""
    runs.run(request.auth, run)
    return list(queries.of_subject(run))


@router.get("/evidence/chain", response=ChainReport)
def chain(request: Asked) -> ChainReport:
    """Check the whole chain of the network. Operators and auditors only: it reads every record."""
    if not request.auth.sees_everything:
        raise NotAllowed("Only operators and auditors check the whole chain.", remedy="Verify your run's own record.")
    return queries.check_chain()
