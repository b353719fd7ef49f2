"""Issued versions: complete or refused, signed, chained, and any later change shows."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fabrica.aiact.documents.evidence import Gathered
from fabrica.aiact.documents.fill import fill
from fabrica.aiact.documents.issue import (
    MANIFEST,
    difference,
    finished,
    issue,
    issued_evidence,
    make_key,
    read_document,
    read_key,
    verify,
    versions,
)
from fabrica.aiact.documents.writers import written
from fabrica.wire.documents import Document, DocumentChanged, DocumentOpen, SigningKeyWrong
from tests.aiact.samples import NOW, make_answers

ITEMS = ("sn-1", "sn-2", "sn-3", "sn-4")
EMPTY = Gathered((), {}, ())


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    make_key(tmp_path / "key.pem")
    return tmp_path / "key.pem"


def _draft(words: str = "told", items: tuple[str, ...] = ITEMS) -> Document:
    answers = make_answers(items={name: {"text": f"{words} {name}"} for name in items})
    return fill("systemic_notification", EMPTY, answers, now=NOW, version=1)


def _issue(store: Path, key_file: Path, words: str = "told") -> Path:
    document = finished(_draft(words), store)
    return issue(document, written(document, ["html"]), store, read_key(key_file))


def test_a_document_with_open_items_is_never_final(tmp_path: Path) -> None:
    with pytest.raises(DocumentOpen, match=r"2 of 5 items are open\.") as refused:
        finished(_draft(items=ITEMS[:2]), tmp_path)
    told = refused.value.facts["open"]
    assert [one["item"] for one in told] == ["sn-3", "sn-4"]
    asked = {item.id: item.asks for section in _draft().sections for item in section.items}
    assert [one["asks"] for one in told] == [asked["sn-3"], asked["sn-4"]]
    assert all(one["closed_by"] for one in told)
    assert "--answers" in refused.value.remedy
    assert not (tmp_path / "issued").exists()


def test_an_optional_item_keeps_nothing_back(tmp_path: Path) -> None:
    document = finished(_draft(), tmp_path)
    assert (document.status, document.version) == ("final", 1)


def test_an_issued_version_is_verified_and_read_back(tmp_path: Path, key_file: Path) -> None:
    place = _issue(tmp_path, key_file)
    manifest = verify(place)
    assert {one.name for one in manifest.files} == {"document.html", "document.json"}
    assert str(manifest.keep_until) == "2036-11-21"
    assert read_document(place).status == "final"
    assert verify(place, public_key=manifest.public_key).version == 1
    assert (place / "document.html").stat().st_mode & 0o222 == 0


def test_versions_are_chained_and_tell_what_changed(tmp_path: Path, key_file: Path) -> None:
    _issue(tmp_path, key_file, "first")
    place = _issue(tmp_path, key_file, "second")
    document = read_document(place)
    assert versions(tmp_path, "systemic_notification", "provider") == [1, 2]
    assert document.version == 2
    assert [(one.item, one.what) for one in document.changes] == [(name, "changed") for name in ITEMS]
    assert document.changes[0].before == "first sn-1"
    assert verify(place).earlier_sha256 == document.earlier_sha256


def test_an_issued_version_is_never_replaced(tmp_path: Path, key_file: Path) -> None:
    place = _issue(tmp_path, key_file)
    before = (place / MANIFEST).read_bytes()
    document = _draft("other").model_copy(update={"status": "final", "version": 1})
    with pytest.raises(DocumentChanged, match="issued already"):
        issue(document, written(document, []), tmp_path, read_key(key_file))
    assert (place / MANIFEST).read_bytes() == before


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_changed_byte_shows(tmp_path: Path, key_file: Path, data: st.DataObject) -> None:
    store = tmp_path / "store"
    place = store / "issued" / "systemic_notification" / "provider" / "version-0001"
    if not place.exists():
        _issue(store, key_file)
    file = place / data.draw(st.sampled_from(["document.html", "document.json", MANIFEST]))
    whole = file.read_bytes()
    where = data.draw(st.integers(0, len(whole) - 1))
    file.chmod(0o644)
    file.write_bytes(whole[:where] + bytes([whole[where] ^ data.draw(st.integers(1, 255))]) + whole[where + 1 :])
    try:
        with pytest.raises(DocumentChanged):
            verify(place)
    finally:
        file.write_bytes(whole)


@pytest.mark.parametrize("what", ["added", "removed", "signature", "link", "folder", "other key"])
def test_every_tampering_is_named(tmp_path: Path, key_file: Path, what: str) -> None:
    place = _issue(tmp_path, key_file)
    place.chmod(0o755)
    html = place / "document.html"
    if what == "added":
        (place / "more.txt").write_text("x")
    elif what == "removed":
        html.unlink()
    elif what == "signature":
        (place / "manifest.sig").chmod(0o644)
        (place / "manifest.sig").write_bytes(base64.b64encode(b"0" * 64))
    elif what == "folder":
        html.unlink()
        html.mkdir()
    elif what == "link":
        (tmp_path / "copy").write_bytes(html.read_bytes())
        html.unlink()
        html.symlink_to(tmp_path / "copy")
    with pytest.raises(DocumentChanged):
        verify(place, public_key="AAAA" if what == "other key" else None)


def test_a_version_that_follows_a_changed_one_is_refused(tmp_path: Path, key_file: Path) -> None:
    first = _issue(tmp_path, key_file, "first")
    (first / "document.json").chmod(0o644)
    (first / "document.json").write_text("{}")
    with pytest.raises(DocumentChanged):
        finished(_draft("second"), tmp_path)


def test_a_key_that_others_can_read_or_that_is_none_is_refused(tmp_path: Path, key_file: Path) -> None:
    assert key_file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(SigningKeyWrong, match="exists already"):
        make_key(key_file)
    key_file.chmod(0o644)
    with pytest.raises(SigningKeyWrong, match="Others can read"):
        read_key(key_file)
    with pytest.raises(SigningKeyWrong, match="cannot be read"):
        read_key(tmp_path / "none.pem")
    (tmp_path / "text.pem").write_text("no key")
    (tmp_path / "text.pem").chmod(0o600)
    with pytest.raises(SigningKeyWrong, match="no Ed25519 key"):
        read_key(tmp_path / "text.pem")


def test_an_issued_document_is_evidence_for_the_one_that_holds_a_copy(tmp_path: Path, key_file: Path) -> None:
    names = [item.id for section in fill("pmm_plan", EMPTY, None, now=NOW).sections for item in section.items]
    answers = make_answers(items={name: {"text": "told"} for name in names})
    document = finished(fill("pmm_plan", EMPTY, answers, now=NOW), tmp_path)
    issue(document, written(document, []), tmp_path, read_key(key_file))
    (found,) = issued_evidence(tmp_path)
    assert (found.kind, found.held_by) == ("doc:pmm_plan", "document")
    items: dict[str, Any] = {
        item.id: item
        for section in fill("annex_iv", Gathered((found,), {}, ()), None, now=NOW).sections
        for item in section.items
    }
    assert "Post-market monitoring plan" in items["iv-9"].blocks[0].rows[0]


def test_the_difference_of_a_document_to_itself_is_nothing() -> None:
    assert difference(_draft(), _draft()) == ()


def test_the_manifest_holds_no_private_key(tmp_path: Path, key_file: Path) -> None:
    place = _issue(tmp_path, key_file)
    private = "".join(key_file.read_text().splitlines()[1:-1])
    assert private not in json.dumps([one.read_text() for one in place.iterdir()])
