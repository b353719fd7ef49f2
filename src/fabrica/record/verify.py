"""Checks a record offline: every file against the seal, every chain line by line, the seal against the evidence."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from fabrica.record.folder import EVIDENCE, RUN, SEAL, read_chain
from fabrica.record.seal import paths, read_seal, root_sha256, sealed_file
from fabrica.wire.evidence import GENESIS, EvidenceRecord, evidence_hash
from fabrica.wire.record import Finding, RecordRefused, Seal

_EVIDENCE = TypeAdapter(list[EvidenceRecord])  # as `GET /api/v1/runs/RUN/evidence` answers


def verify(folder: Path) -> list[Finding]:
    """Return what is wrong or worth knowing about the record in `folder`; an empty list when all is well.

    The seal proves that nothing changed since it was made. Who made it, and when, is proved by `evidence.json`, when
    its newest hash is the one the server shows.

    Raises:
        RecordRefused: there is no such folder, or nothing of a record is in it.
    """
    if not any((folder / name).is_file() for name in (RUN, SEAL)):
        raise RecordRefused(
            f"There is no record in {folder}: it holds neither {RUN} nor {SEAL}.",
            remedy="Give the folder of a run record; 'fabrica record RUN' prints it.",
        )
    try:
        sealed = read_seal(folder)
    except RecordRefused as trouble:
        return [Finding(code="wrong_root", path=SEAL, words=trouble.detail)]
    try:
        present = paths(folder)
    except OSError as trouble:
        return [Finding(code="unreadable", path=str(trouble.filename or "."), words=f"Cannot be read: {trouble}.")]
    return [*_seal_findings(folder, sealed, present), *_chain_findings(folder, present), *_evidence(folder, sealed)]


def sound(findings: list[Finding]) -> bool:
    """Return whether a record stands: nothing was found but notices."""
    return all(finding.notice for finding in findings)


def _seal_findings(folder: Path, seal: Seal | None, present: list[str]) -> Iterator[Finding]:
    if seal is None:
        yield Finding(code="unsealed", path=SEAL, words="The record is not sealed, so its files can be changed unseen.")
        return
    if root_sha256(seal.files) != seal.root_sha256:
        yield Finding(code="wrong_root", path=SEAL, words="The hash over the list of files is not that of the list.")
    listed = {file.path: file for file in seal.files}
    if len(listed) != len(seal.files):
        yield Finding(code="wrong_root", path=SEAL, words="The list names a file twice.")
    for path in sorted(listed.keys() - set(present)):
        yield Finding(code="missing", path=path, words="The file was sealed and is gone.")
    for path in present:
        if path not in listed:
            yield Finding(code="added", path=path, words="The file was added after the seal.")
            continue
        try:
            now = sealed_file(folder, path)
        except (RecordRefused, OSError) as trouble:
            code = "link" if (folder / path).is_symlink() else "unreadable"
            yield Finding(code=code, path=path, words=str(trouble))
            continue
        if now != listed[path]:
            words = f"The file was sealed with {listed[path].bytes} bytes and SHA-256 {listed[path].sha256[:12]}…"
            words += f" and now has {now.bytes} bytes and {now.sha256[:12]}…"
            yield Finding(code="changed", path=path, words=words)


def _chain_findings(folder: Path, present: list[str]) -> Iterator[Finding]:
    for path in present:
        if not path.endswith(".jsonl") or (folder / path).is_symlink():
            continue
        try:
            chain = read_chain(folder / path)
        except OSError as trouble:
            yield Finding(code="unreadable", path=path, words=f"Cannot be read: {trouble}.")
            continue
        for words in chain.broken:
            yield Finding(code="chain_broken", path=path, words=f"The chain breaks: {words}.")
        for number in chain.torn:
            words = f"Line {number} is not whole, as when a process is killed while it writes."
            yield Finding(code="torn_line", path=path, words=words, notice=True)


def _evidence(folder: Path, seal: Seal | None) -> Iterator[Finding]:
    """Check the run's records of the server's evidence chain, when they lie beside the record."""
    try:
        entries = _EVIDENCE.validate_json((folder / EVIDENCE).read_bytes())
    except FileNotFoundError:
        return
    except (ValidationError, OSError) as trouble:
        words = trouble.errors()[0]["msg"] if isinstance(trouble, ValidationError) else str(trouble)
        yield Finding(code="wrong_evidence", path=EVIDENCE, words=f"These are no evidence records: {words}.")
        return
    before: EvidenceRecord | None = None
    for entry in entries:
        words = _entry_trouble(entry, before)
        if words:
            yield Finding(code="wrong_evidence", path=EVIDENCE, words=f"Evidence record {entry.sequence} {words}.")
        before = entry
    digest = hashlib.sha256((folder / SEAL).read_bytes()).hexdigest() if seal else None
    bodies = [entry.content.get("body") for entry in entries]
    if digest and not any(isinstance(body, dict) and body.get("record_sha256") == digest for body in bodies):
        yield Finding(code="wrong_evidence", path=EVIDENCE, words="No evidence record names the seal of this record.")


def _entry_trouble(entry: EvidenceRecord, before: EvidenceRecord | None) -> str:
    if evidence_hash(entry.previous, entry.sequence, entry.content) != entry.hash:
        return "does not have the hash it states"
    if entry.sequence == 1 and entry.previous != GENESIS:
        return "is the first, yet names one before it"
    if before and entry.sequence <= before.sequence:
        return "comes out of order"
    if before and entry.sequence == before.sequence + 1 and entry.previous != before.hash:
        return "does not follow the one before it"
    return ""
