"""Writes one document in each format, and as drafts into a folder."""

import json
from collections.abc import Iterable
from pathlib import Path

from fabrica.aiact.documents.issue import DOCUMENT
from fabrica.values.files import write_whole
from fabrica.wire.documents import Document, Format


def written(document: Document, formats: Iterable[Format]) -> dict[str, bytes]:
    """Return the files of a document by name; the JSON is always among them.

    Raises:
        WriterMissing: a package that writes a format is not there.
    """
    plain = json.dumps(document.model_dump(mode="json"), indent=1, ensure_ascii=False).encode() + b"\n"
    files = {DOCUMENT: plain}
    for name in dict.fromkeys(formats):
        if name == "html":
            from fabrica.aiact.documents.html import html

            files["document.html"] = html(document).encode()
        elif name == "pdf":
            from fabrica.aiact.documents.pdf import pdf

            files["document.pdf"] = pdf(document, plain)
        elif name == "docx":
            from fabrica.aiact.documents.docx import docx

            files["document.docx"] = docx(document)
    return files


def write_draft(document: Document, formats: Iterable[Format], store: Path) -> Path:
    """Write a draft into `store/drafts`, where the next draft replaces it, and return its folder."""
    place = store / "drafts" / document.template / document.recipient
    place.mkdir(parents=True, exist_ok=True)
    for name, content in written(document, formats).items():
        write_whole(place / name, content)
    return place
