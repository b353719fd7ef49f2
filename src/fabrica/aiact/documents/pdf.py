"""Writes a document as archival, accessible PDF (PDF/A-3a and PDF/UA-1) with its JSON inside.

Nothing is fetched from anywhere. A sign that no font at hand can draw stands as its number, and not as an empty box.
"""

import logging
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from fabrica.aiact.documents.html import html
from fabrica.wire.documents import Document, WriterMissing

VARIANT = "pdf/a-3a"
ACCESSIBLE = Path(__file__).parent / "accessible.xmp"
"""Says that a file keeps ISO 14289-1 as well, and describes the word that says so, as an archive wants it."""

_REMEDY = (
    "Install fabrica[documents]; on Debian or Ubuntu also: apt-get install libpango-1.0-0 libpangoft2-1.0-0 "
    "libharfbuzz-subset0 fonts-liberation."
)
_NOT_DRAWN = (
    "Signs that no font at hand could draw stand here as their Unicode numbers, such as [U+4E2D]. The attached "
    "document.json holds them as they were typed."
)
_PRIVATE, _UNSEEN = "Co", "Cf"
_VARIATION_SELECTORS = range(0xFE00, 0xFE10)


def pdf(document: Document, json: bytes) -> bytes:
    """Return the page as PDF; `json`, the same document for machines, is attached.

    Raises:
        WriterMissing: WeasyPrint or the system's Pango is not there.
    """
    undrawn = {ord(sign) for sign in html(document) if unicodedata.category(sign) == _PRIVATE}
    while True:
        told = document.model_copy(update={"notices": (*document.notices, _NOT_DRAWN)}) if undrawn else document
        with _missing_in_fonts() as missing:
            written = _written(html(told).translate(_numbers(undrawn)), document, json)
        if not missing:
            return written
        undrawn |= missing


def _numbers(undrawn: set[int]) -> dict[int, str]:
    """Return what stands for signs that cannot be drawn: nothing for those that nobody sees, else the number."""
    return {
        code: "" if code in _VARIATION_SELECTORS or unicodedata.category(chr(code)) == _UNSEEN else f"[U+{code:04X}]"
        for code in undrawn
    }


@contextmanager
def _missing_in_fonts() -> Iterator[set[int]]:
    """Yield the signs for which WeasyPrint finds no font meanwhile; it tells of them in its log, and nowhere else."""
    found: set[int] = set()
    here = threading.get_ident()

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.thread == here and str(record.msg).startswith(".notdef") and isinstance(record.args, tuple):
                found.add(int(str(record.args[1])))

    listener, log = Listener(), logging.getLogger("weasyprint")
    log.addHandler(listener)
    try:
        yield found
    finally:
        log.removeHandler(listener)


def _written(page: str, document: Document, json: bytes) -> bytes:
    try:
        from weasyprint import HTML, Attachment
    except (ImportError, OSError) as trouble:
        reason = f"PDF needs WeasyPrint and Pango: {trouble}".splitlines()[0]
        raise WriterMissing(f"{reason}.", remedy=_REMEDY, format="pdf") from None
    attached = Attachment(
        string=json,
        name="document.json",
        description="The same document for machines",
        created=document.made_at,
        modified=document.made_at,
        relationship="Alternative",
    )
    source = HTML(string=page, base_url=None, url_fetcher=_fetch_nothing)
    written: Any = source.write_pdf(pdf_variant=VARIANT, attachments=[attached], finisher=_finish)
    assert isinstance(written, bytes)
    return written


def _finish(_document: object, file: Any) -> None:
    """Say in a file being written that it keeps ISO 14289-1, and let no picture of it be smoothed."""
    for one in file.objects:
        if "Interpolate" in getattr(one, "extra", ()):  # some fonts draw emoji as pictures
            one.extra["Interpolate"] = "false"
    number = int(file.catalog["Metadata"].split()[0])
    stream = file.objects[number].stream
    stream[:] = [part.replace(b"</rdf:RDF>", ACCESSIBLE.read_bytes() + b"</rdf:RDF>") for part in stream]


def _fetch_nothing(url: str, *_: object, **__: object) -> NoReturn:
    raise ValueError(f"a document names no address to fetch, yet {url[:80]!r} was asked for")
