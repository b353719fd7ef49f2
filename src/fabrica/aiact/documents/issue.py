"""Issues documents: versions that never change, each file hashed, the list signed and chained to the version before."""

import base64
import hashlib
import json
import re
import shutil
import stat
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import ValidationError

from fabrica.aiact import library
from fabrica.aiact.documents.evidence import evidence
from fabrica.aiact.documents.shape import closed_by, open_items
from fabrica.values.files import sync, write_private, write_whole
from fabrica.values.time import to_rfc3339
from fabrica.wire.documents import (
    Document,
    DocumentChanged,
    DocumentOpen,
    Evidence,
    IssuedFile,
    ItemChange,
    Manifest,
    Recipient,
    SigningKeyWrong,
    WriterMissing,
)

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

MANIFEST = "manifest.json"
SIGNATURE = "manifest.sig"
DOCUMENT = "document.json"
COPIED: tuple[Recipient, ...] = ("provider", "authority")
_SIGNED = (
    "This version is issued: its files are listed with their hashes in manifest.json, which manifest.sig signs. "
    "'fabrica aiact verify' checks both."
)
_IN_THE_FILE = "Answer them in the file of --answers: under evidence, items or confirm."
_VERSION = re.compile(r"version-(\d{4,})")


def make_key(file: Path) -> str:
    """Write a new Ed25519 key that only its owner can read, and return its public half.

    Raises:
        SigningKeyWrong: the file exists already.
        WriterMissing: cryptography is not installed.
    """
    if file.exists():
        raise SigningKeyWrong(f"{file.name} exists already.", remedy="Name a new file; a key is never overwritten.")
    serialization, keys = _cryptography()
    key = keys.Ed25519PrivateKey.generate()
    plain = serialization.NoEncryption()
    text = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain).decode()
    write_private(file, text)
    return public_half(key)


def read_key(file: Path) -> "Ed25519PrivateKey":
    """Return the signing key of a file.

    Raises:
        SigningKeyWrong: not readable, others can read it, or it is no Ed25519 key in PEM without a passphrase.
    """
    try:
        if stat.S_IMODE(file.stat().st_mode) & 0o077:
            raise SigningKeyWrong(f"Others can read {file.name}.", remedy=f"chmod 600 {file.name}")
        return key_of(file.read_bytes(), file.name)
    except OSError as error:
        raise SigningKeyWrong(
            f"{file.name} cannot be read: {error.strerror}.", remedy="'fabrica aiact key FILE' makes one."
        ) from None


def key_of(pem: bytes, name: str) -> "Ed25519PrivateKey":
    """Return the signing key that PEM holds; `name` is told when it holds none.

    Raises:
        SigningKeyWrong: it is no Ed25519 key in PEM without a passphrase.
        WriterMissing: cryptography is not installed.
    """
    serialization, keys = _cryptography()
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, keys.Ed25519PrivateKey):
        raise SigningKeyWrong(f"{name} holds no Ed25519 key in PEM.", remedy="'fabrica aiact key FILE' makes one.")
    signing: Ed25519PrivateKey = key
    return signing


def _cryptography() -> tuple[Any, Any]:
    try:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError:
        raise WriterMissing("Signing needs cryptography.", remedy="Install fabrica[documents].") from None
    return serialization, ed25519


def public_half(key: "Ed25519PrivateKey") -> str:
    """Return the public half of a signing key, base64 of its 32 bytes."""
    serialization, _ = _cryptography()
    raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return base64.b64encode(raw).decode()


def folder_of(store: Path, template: str, recipient: Recipient) -> Path:
    """Return where the versions of a document for one recipient are kept."""
    return store / "issued" / template / recipient


def versions(store: Path, template: str, recipient: Recipient) -> list[int]:
    """Return the numbers of the issued versions, oldest first."""
    folder = folder_of(store, template, recipient)
    names = (_VERSION.fullmatch(place.name) for place in folder.iterdir()) if folder.is_dir() else ()
    return sorted(int(name[1]) for name in names if name)


def version_folder(store: Path, template: str, recipient: Recipient, version: int) -> Path:
    """Return the folder of one version."""
    return folder_of(store, template, recipient) / f"version-{version:04d}"


def finished(draft: Document, store: Path) -> Document:
    """Return the document as its next version, with the changes since the one before.

    Raises:
        DocumentOpen: a mandatory item is open; all are named.
        DocumentChanged: the version before is not as it was signed.
    """
    before = versions(store, draft.template, draft.recipient)
    if not before:
        return as_next(draft, None, where=_IN_THE_FILE)
    place = version_folder(store, draft.template, draft.recipient, before[-1])
    verify(place)
    return as_next(draft, Earlier(before[-1], _digest(place), read_document(place)), where=_IN_THE_FILE)


class Earlier(NamedTuple):
    """The issued version before: its number, the hash of its manifest, and the document."""

    version: int
    manifest_sha256: str
    document: Document


def as_next(draft: Document, earlier: Earlier | None, *, where: str) -> Document:
    """Return the document as the version after `earlier`, with what changed; `where` says where items are answered.

    Raises:
        DocumentOpen: a mandatory item is open; all are named, each with what closes it.
    """
    left = open_items(draft)
    if left:
        raise DocumentOpen(
            f"{draft.title} cannot be issued: {len(left)} of {draft.rate.items} items are open.",
            remedy=f"{where} What does not apply is answered with the reason why.",
            open=[{"item": item.id, "asks": item.asks, "closed_by": closed_by(item)} for item in left],
        )
    told = {
        "status": "final",
        "version": earlier.version + 1 if earlier else 1,
        "earlier_sha256": earlier.manifest_sha256 if earlier else None,
        "changes": difference(earlier.document, draft) if earlier else (),
        "notices": (*draft.notices, _SIGNED),
    }
    return draft.model_copy(update=told)


def _digest(place: Path) -> str:
    return hashlib.sha256((place / MANIFEST).read_bytes()).hexdigest()


class Signed(NamedTuple):
    """A signed list of files: the manifest, its bytes, and the signature in base64."""

    manifest: Manifest
    content: bytes
    signature: str


def signed(document: Document, files: Mapping[str, bytes], key: "Ed25519PrivateKey") -> Signed:
    """Return the signed list of the files of an issued version."""
    assert document.version is not None
    listed = tuple(
        IssuedFile(name=name, bytes=len(content), sha256=hashlib.sha256(content).hexdigest())
        for name, content in sorted(files.items())
    )
    manifest = Manifest(
        template=document.template,
        recipient=document.recipient,
        subject=document.subject,
        version=document.version,
        issued_at=document.made_at,
        keep_until=_years_later(document.made_at, document.retention_years),
        files=listed,
        earlier_sha256=document.earlier_sha256,
        public_key=public_half(key),
    )
    content = json.dumps(manifest.model_dump(mode="json"), indent=1, ensure_ascii=False).encode() + b"\n"
    return Signed(manifest, content, base64.b64encode(key.sign(content)).decode())


def issue(document: Document, files: Mapping[str, bytes], store: Path, key: "Ed25519PrivateKey") -> Path:
    """Write a version with its files, its manifest and the signature, and return its folder; it is there whole or not.

    Raises:
        DocumentChanged: this version exists already.
    """
    assert document.version is not None
    place = version_folder(store, document.template, document.recipient, document.version)
    place.parent.mkdir(parents=True, exist_ok=True)
    sealed = signed(document, files, key)
    every = {**files, MANIFEST: sealed.content, SIGNATURE: sealed.signature.encode() + b"\n"}
    part = place.with_name(f".{place.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    try:
        for name, one in every.items():
            write_whole(part / name, one, mode=0o444)
        part.rename(place)  # fails when this version is there: an issued version is never replaced
        sync(place.parent)
    except OSError as trouble:
        shutil.rmtree(part, ignore_errors=True)
        if place.exists():
            raise DocumentChanged(f"Version {document.version} is issued already.", remedy="Issue it again.") from None
        raise trouble
    place.chmod(0o555)
    return place


def _years_later(now: datetime, years: int | None) -> date | None:
    if years is None:
        return None
    day = now.date()
    return date(day.year + years, day.month, 28 if (day.month, day.day) == (2, 29) else day.day)


def verify(place: Path, *, public_key: str | None = None) -> Manifest:
    """Return the manifest of an issued version when every file, the signature and the chain are as they were signed.

    `public_key`: the key that must have signed; without it any key's signature is accepted, so compare it.

    Raises:
        DocumentChanged: a file is missing, added or changed, or the signature or the version before does not fit.
    """
    _, keys = _cryptography()
    from cryptography.exceptions import InvalidSignature

    try:
        content = (place / MANIFEST).read_bytes()
        signature = base64.b64decode((place / SIGNATURE).read_bytes(), validate=False)
        manifest = Manifest.model_validate_json(content)
        keys.Ed25519PublicKey.from_public_bytes(base64.b64decode(manifest.public_key)).verify(signature, content)
    except InvalidSignature:
        raise _changed(place, "its manifest is not what was signed") from None
    except (OSError, ValueError, ValidationError) as trouble:
        raise _changed(place, f"its manifest or signature cannot be read ({type(trouble).__name__})") from None
    if public_key is not None and public_key.strip() != manifest.public_key:
        raise _changed(place, f"another key signed it: {manifest.public_key}")
    listed = {one.name: one for one in manifest.files}
    present = {one.name for one in place.iterdir()} - {MANIFEST, SIGNATURE}
    for name in sorted(present ^ listed.keys()):
        raise _changed(place, f"{name} is {'missing' if name in listed else 'not in the manifest'}")
    for name, one in listed.items():
        file = place / name
        plain = file.is_file() and not file.is_symlink()
        if not plain or hashlib.sha256(file.read_bytes()).hexdigest() != one.sha256:
            raise _changed(place, f"{name} is not as it was signed")
    _check_chain(place, manifest)
    return manifest


def _check_chain(place: Path, manifest: Manifest) -> None:
    before = place.with_name(f"version-{manifest.version - 1:04d}") / MANIFEST
    if manifest.version == 1 or not before.exists():  # a version may be checked away from its store
        return
    if hashlib.sha256(before.read_bytes()).hexdigest() != manifest.earlier_sha256:
        raise _changed(place, "the version before is not the one it follows")


def _changed(place: Path, words: str) -> DocumentChanged:
    return DocumentChanged(f"{place.name}: {words}.", remedy="Take an untouched copy; issued versions never change.")


def read_document(place: Path) -> Document:
    """Return the document of an issued version.

    Raises:
        DocumentChanged: it is not there or not readable.
    """
    try:
        return Document.model_validate_json((place / DOCUMENT).read_bytes())
    except (OSError, ValidationError):
        raise _changed(place, f"{DOCUMENT} is missing or cannot be read") from None


def difference(before: Document, after: Document) -> tuple[ItemChange, ...]:
    """Return what each item said before and says now, where it differs; items in the order of the document."""
    old = {item.id: item for section in before.sections for item in section.items}
    new = {item.id: item for section in after.sections for item in section.items}
    found = []
    for name in dict.fromkeys([*new, *old]):
        then, now = (_content(one[name]) if name in one else None for one in (old, new))
        if then != now:
            what = "added" if then is None else "removed" if now is None else "changed"
            asks = (new.get(name) or old[name]).asks
            found.append(
                ItemChange.model_validate({"item": name, "asks": asks, "what": what, "before": then, "after": now})
            )
    return tuple(found)


def _content(item: Any) -> str:
    if item.text is not None:
        return str(item.text)
    rows = [
        ", ".join(f"{column}: {value}" for column, value in zip(block.columns, row, strict=True))
        for block in item.blocks
        for row in block.rows
    ]
    return "; ".join(rows) or "nothing"


def issued_evidence(store: Path) -> tuple[Evidence, ...]:
    """Return the newest issued version of each document as evidence for documents that hold a copy of it.

    Raises:
        DocumentChanged: a version is not as it was signed.
    """
    found = []
    for template in library.document_templates():
        for recipient in COPIED:
            numbers = versions(store, template, recipient)
            if numbers:
                place = version_folder(store, template, recipient, numbers[-1])
                found.append(as_evidence(verify(place), _digest(place)))
                break
    return tuple(found)


def as_evidence(manifest: Manifest, digest: str) -> Evidence:
    """Return an issued version as evidence; `digest` is the hash of its manifest."""
    title = library.document_templates()[manifest.template].title
    row = {"document": title, "version": manifest.version, "issued": to_rfc3339(manifest.issued_at), "manifest": digest}
    return evidence(
        f"doc:{manifest.template}",
        [row],
        held_by="document",
        source=f"issued {manifest.template}, version {manifest.version}",
        method="Issued here; hashes and signature verified.",
        at=manifest.issued_at,
        sha256=digest,
    )
