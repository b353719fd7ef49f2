"""The PDF: archival, tagged, with the JSON inside, and nothing fetched."""

import builtins
import json
import re
import zlib
from types import SimpleNamespace
from typing import Any

import pytest

from fabrica.aiact.documents import pdf as writer
from fabrica.aiact.documents.fill import fill
from fabrica.aiact.documents.pdf import pdf
from fabrica.wire.documents import WriterMissing
from tests.aiact.samples import NOW, gathered_from, make_answers, make_run

HOSTILE = '<img src="file:///etc/passwd"><link rel=stylesheet href=https://example.eu/x.css>'


def _pango_is_there() -> bool:
    try:
        import weasyprint  # noqa: F401
    except OSError:
        return False
    return True


def _unpacked(written: bytes) -> bytes:
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", written, re.DOTALL)
    return written + b"".join(zlib.decompressobj().decompress(one) for one in streams if one[:1] == b"x")


@pytest.mark.skipif(not _pango_is_there(), reason="Pango is not on this machine")
def test_the_file_is_tagged_archival_and_holds_the_same_for_machines() -> None:
    document = fill("annex_v", gathered_from(make_run()), make_answers(items={"v-6": {"text": HOSTILE}}), now=NOW)
    plain = json.dumps(document.model_dump(mode="json")).encode()
    written = pdf(document, plain)
    assert written.startswith(b"%PDF-1.7")
    whole = _unpacked(written)
    for told in (
        b'pdfaid:part="3"',
        b'pdfaid:conformance="A"',
        b"/MarkInfo",
        b"/Marked true",
        b"/StructTreeRoot",
        b"/Lang",
        b'pdfuaid:part="1"',
        b"<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>",
    ):
        assert told in whole
    for entry in (b"/EmbeddedFile", b"/AFRelationship", b"document.json"):
        assert entry in whole


def pages_written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the list to which each page is added that is made a PDF from now on."""
    pages: list[str] = []
    written = writer._written

    def noted(page: str, *rest: Any) -> bytes:
        pages.append(page)
        return written(page, *rest)

    monkeypatch.setattr(writer, "_written", noted)
    return pages


def test_no_picture_is_smoothed_and_the_file_says_what_it_keeps() -> None:
    picture = SimpleNamespace(extra={"Interpolate": "true"})
    told = SimpleNamespace(stream=[b"<rdf:RDF></rdf:RDF>"])
    writer._finish(None, SimpleNamespace(objects=[object(), picture, told], catalog={"Metadata": "2 0 R"}))
    assert picture.extra == {"Interpolate": "false"}
    assert told.stream == [b"<rdf:RDF>" + writer.ACCESSIBLE.read_bytes() + b"</rdf:RDF>"]


@pytest.mark.skipif(not _pango_is_there(), reason="Pango is not on this machine")
@pytest.mark.parametrize("sign", ["\u0378", "\ue000", "\U000f0000"], ids=["in no font", "private", "private, far"])
def test_a_sign_that_no_font_draws_stands_as_its_number_and_the_json_keeps_it(
    sign: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = pages_written(monkeypatch)
    answers = make_answers(items={"v-6": {"text": f"Ours is {sign} Ltd."}})
    document = fill("annex_v", gathered_from(make_run()), answers, now=NOW)
    pdf(document, document.model_dump_json().encode())
    assert sign not in pages[-1]
    assert f"Ours is [U+{ord(sign):04X}] Ltd." in pages[-1]
    assert "no font at hand" in pages[-1]
    assert sign in document.model_dump_json()


@pytest.mark.skipif(not _pango_is_there(), reason="Pango is not on this machine")
def test_signs_that_nobody_sees_leave_nothing_behind_and_usual_text_is_written_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pages = pages_written(monkeypatch)
    text = "Žluťoučký kůň, Ελλάδα, Україна: größer als 3 €."
    document = fill("annex_v", gathered_from(make_run()), make_answers(items={"v-6": {"text": text}}), now=NOW)
    pdf(document, b"{}")
    assert len(pages) == 1
    assert "no font at hand" not in pages[0]
    assert writer._numbers({0x200D, 0xFE0F, 0x4E2D}) == {0x200D: "", 0xFE0F: "", 0x4E2D: "[U+4E2D]"}


def test_without_the_writer_the_problem_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def missing(name: str, *rest: Any, **more: Any) -> Any:
        if name == "weasyprint":
            raise OSError("cannot load library 'libpango-1.0-0'")
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(WriterMissing, match="libpango") as problem:
        pdf(fill("annex_v", gathered_from(), None, now=NOW), b"{}")
    assert "apt-get install" in problem.value.remedy
