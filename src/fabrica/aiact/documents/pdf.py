"""Writes a document as tagged, archival PDF (PDF/A-3a) with its JSON inside. Nothing is fetched from anywhere."""

from typing import Any, NoReturn

from fabrica.aiact.documents.html import html
from fabrica.wire.documents import Document, WriterMissing

VARIANT = "pdf/a-3a"
_REMEDY = (
    "Install fabrica[documents]; on Debian or Ubuntu also: apt-get install libpango-1.0-0 libpangoft2-1.0-0 "
    "libharfbuzz-subset0 fonts-liberation."
)


def pdf(document: Document, json: bytes) -> bytes:
    """Return the page as PDF; `json`, the same document for machines, is attached.

    Raises:
        WriterMissing: WeasyPrint or the system's Pango is not there.
    """
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
    page = HTML(string=html(document), base_url=None, url_fetcher=_fetch_nothing)
    written: Any = page.write_pdf(pdf_variant=VARIANT, attachments=[attached])
    assert isinstance(written, bytes)
    return written


def _fetch_nothing(url: str, *_: object, **__: object) -> NoReturn:
    raise ValueError(f"a document names no address to fetch, yet {url[:80]!r} was asked for")
