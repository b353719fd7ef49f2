"""The law's data as passages to search: each thing that has an id, an article or a term, in its own words."""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from fabrica.aiact import library
from fabrica.wire.aiact import Confidence
from fabrica.wire.questions import OfficialText, Passage, PublishedAnswer

# Facts, tiers, evidence and items of documents are questions and lists of the desk, not statements of the law.
_NOT_LAW = frozenset({"vocabulary", "tiers", "evidence_catalogue", "document_templates", "classification_procedure"})
_NAMES = ("id", "term", "amending_point", "point", "case", "who", "date", "tag", "model")
_TITLES = (
    "title",
    "practice",
    "use",
    "what",
    "provision",
    "privilege",
    "term",
    "case",
    "act",
    "duty",
    "name",
    "covers",
)
_CITATIONS = ("article", "basis", "provision", "source", "number")
_SILENT = frozenset(
    {"evidence", "url", "id", "applies_when", "amends", "does_not_amend", "history", "key", "do_not_say"}
)
_DAYS = frozenset({"applies_from", "former_date"})
_SURENESS: Mapping[str, Confidence] = {
    "guidance": "guidance",
    "guidance_inside": "guidance",
    "guidance_outside": "guidance",
    "outside_per_guidance": "guidance",
    "draft_guidance": "draft",
}
_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def law_passages() -> tuple[Passage, ...]:
    """Return every statement of the law's data."""
    found: dict[str, Passage] = {}
    for file in sorted(library.LAW.glob("*.yaml")):
        for one in _read(file) if file.stem not in _NOT_LAW else ():
            again = sum(key.partition("#")[0] == one.id for key in found)
            name = f"{one.id}#{again + 1}" if again else one.id
            found[name] = one.model_copy(update={"id": name})
    return tuple(found.values())


def _read(file: Path) -> Iterator[Passage]:
    content = yaml.load(file.read_bytes(), Loader=_SafeLoader)  # noqa: S506 - a safe loader
    if file.stem == "open_questions":
        yield from _traps(content["answer_traps"])
        yield from _open(content["open_questions"])
        return
    for key, value in content.items():
        if key != "meta":
            yield from _walk(value, _Place((file.stem, str(key)), key.replace("_", " ").capitalize(), "", "text"))


class _Place:
    """Where in a file a piece stands, and what it takes from what it stands in."""

    __slots__ = ("citation", "keys", "sure", "title")

    def __init__(self, keys: tuple[str, ...], title: str, citation: str, sure: Confidence) -> None:
        self.keys, self.title, self.citation, self.sure = keys, title, citation, sure


def _walk(value: Any, place: _Place) -> Iterator[Passage]:
    """Yield a passage for each mapping, and for each list of words with a confidence of its own."""
    if isinstance(value, list):
        words = [one for one in value if not isinstance(one, Mapping | list)]
        if words:
            yield _passage(place, "; ".join(map(str, words)))
        for number, one in enumerate(value):
            if isinstance(one, Mapping):
                named = any(one.get(key) for key in _NAMES)
                keys = place.keys if named else (*place.keys, str(number))
                yield from _walk(one, _Place(keys, place.title, place.citation, place.sure))
    elif isinstance(value, Mapping):
        here = _inside(place, value)
        text = ". ".join(_said(value))
        if text:
            yield _passage(here, text)
        for key, one in value.items():
            if key not in _DAYS and (isinstance(one, Mapping) or _apart(key, one)):
                title = f"{here.title}, {str(key).replace('_', ' ')}"
                sure = _SURENESS.get(str(key), here.sure)
                yield from _walk(one, _Place((*here.keys, str(key)), title, here.citation, sure))
    else:
        yield _passage(place, str(value))


def _inside(place: _Place, value: Mapping[str, Any]) -> _Place:
    name = next((str(value[key]) for key in _NAMES if value.get(key)), None)
    title = next((str(value[key]) for key in _TITLES if isinstance(value.get(key), str)), place.title)
    citation = next((str(value[key]) for key in _CITATIONS if isinstance(value.get(key), str)), place.citation)
    told = str(value.get("confidence", place.sure)).replace(";", " ").split()[0]
    sure = next((level for level in library.about().confidence_scale if level == told), place.sure)
    return _Place((*place.keys, name) if name else place.keys, title, citation, sure)


def _apart(key: str, value: Any) -> bool:
    """Say whether a list stands as passages of its own."""
    return isinstance(value, list) and (key in _SURENESS or any(isinstance(one, Mapping) for one in value))


def _said(value: Mapping[str, Any]) -> Iterator[str]:
    for key, one in value.items():
        if key in _SILENT or (isinstance(one, Mapping) and key not in _DAYS) or _apart(key, one):
            continue
        label = str(key).replace("_", " ").strip()
        if isinstance(one, list):
            yield f"{label}: {', '.join(map(str, one))}"
        elif isinstance(one, Mapping):
            yield f"{label}: {', '.join(f'{name} {day}'.replace('_', ' ') for name, day in one.items())}"
        elif one is not None:
            yield f"{label}: {one}"


def _passage(place: _Place, text: str) -> Passage:
    return Passage(
        id="/".join(place.keys),
        kind="law",
        title=place.title,
        text=text,
        citation=place.citation or place.title,
        confidence=place.sure,
        source=library.about().version,
    )


def _traps(traps: list[dict[str, str]]) -> Iterator[Passage]:
    for one in traps:
        yield Passage(
            id=one["id"],
            kind="trap",
            title="Often answered wrongly",
            text=one["right"][:1].upper() + one["right"][1:],
            wrong=one["wrong"],
            citation=f"{library.about().id}, answer trap {one['id']}",
            confidence=None,
            source=library.about().version,
        )


def _open(questions: list[dict[str, str]]) -> Iterator[Passage]:
    reading = library.timeline().application_rules.open_question_section5.reading_used
    for one in questions:
        yield Passage(
            id=one["id"],
            kind="open_question",
            title=f"Not settled: {one['q']}",
            text=one.get("status", reading),
            citation=f"{library.about().id}, open question {one['id']}",
            confidence="open",
            source=library.about().version,
        )


def passages_of(text: OfficialText) -> Iterator[Passage]:
    """Yield the passages of an imported text, cited by article and paragraph."""
    mark = "" if text.complete else " (incomplete file)"
    for section in text.sections:
        for number, words in section.passages:
            label = f"{section.label}({number})" if number else section.label
            yield Passage(
                id=f"{text.sha256[:12]}/{label}",
                kind="official",
                title=section.title or section.label,
                text=words,
                citation=f"{label}, {text.title}{mark}",
                confidence="text",
                source=f"{text.file}, imported {text.imported_on}, sha256 {text.sha256}",
            )


def answer_passage(answer: PublishedAnswer) -> Passage:
    """Return an adviser's published answer as a passage, which cites what the answer cites."""
    old = "; the law's data has changed since" if answer.law_changed else ""
    return Passage(
        id=answer.id,
        kind="published",
        title=answer.question,
        text=answer.reply,
        citation="; ".join(dict.fromkeys(one.citation for one in answer.citations)),
        confidence=None,
        source=f"Answer of an adviser, published on {answer.published_on}, on {answer.law}{old}",
    )
