"""Reads one sealed record as values that an account or a document is made from."""

from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from fabrica.record import folder as names
from fabrica.record.folder import FETCH_AGAIN, read_chain, read_json
from fabrica.record.seal import read_seal
from fabrica.record.verify import sound, verify
from fabrica.wire.accounts import RecordedRun
from fabrica.wire.record import RecordRefused
from fabrica.wire.runs import Energy, Usage

_ENERGIES = TypeAdapter(tuple[Energy, ...])


def read_run(folder: Path) -> RecordedRun:
    """Return what a record tells, when it is sealed and every file of it is as it was sealed.

    Raises:
        RecordRefused: it is not sealed, was changed since, or does not say what was run.
    """
    wrong = [finding for finding in verify(folder) if not finding.notice]
    if not sound(wrong):
        raise RecordRefused(
            f"The record in {folder.name} is not as it was sealed: {wrong[0].words}",
            remedy=FETCH_AGAIN,
            file=wrong[0].path,
        )
    seal = read_seal(folder)
    assert seal is not None  # an unsealed record is a finding
    about, usage = read_json(folder / names.RUN), read_json(folder / names.USAGE)
    try:
        used = Usage.model_validate(usage)
        return RecordedRun.model_validate(
            {
                **{key: about.get(key) for key in ("run", "name", "purpose", "site", "started_at", "ended_at")},
                "simulated": bool(about.get("simulated")),
                "sealed_at": seal.sealed_at,
                "root_sha256": seal.root_sha256,
                "about": about,
                "elapsed_seconds": used.elapsed_seconds,
                "devices": used.devices,
                "flop": used.flop,
                "energy": _ENERGIES.validate_python(read_json(folder / names.ENERGY).get("energy") or ()),
                "environment": read_json(folder / names.ENVIRONMENT),
                "datasets": _lines(folder / names.DATASETS),
                "parameters": {line["name"]: line.get("value") for line in _lines(folder / names.PARAMETERS)},
                "events": _lines(folder / names.EVENTS),
                "evaluations": _lines(folder / names.EVALUATIONS),
                "artifacts": _lines(folder / names.ARTIFACTS),
                "files": {file.path: file.sha256 for file in seal.files},
            }
        )
    except (ValidationError, KeyError) as trouble:
        said = trouble.errors()[0] if isinstance(trouble, ValidationError) else {"loc": ("name",), "msg": "is missing"}
        place = ".".join(map(str, said["loc"]))
        raise RecordRefused(
            f"The record in {folder.name} does not tell a run: {place}: {said['msg']}.",
            remedy=FETCH_AGAIN,
        ) from None


def _lines(path: Path) -> tuple[dict[str, Any], ...]:
    return read_chain(path).lines
