"""The evidence that is held, by kind and joined once, asked for while a document is filled."""

import re
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from fabrica.aiact import library
from fabrica.aiact.documents.evidence import Gathered
from fabrica.aiact.documents.layout import Need, kinds
from fabrica.aiact.documents.rows import joined, lacking
from fabrica.aiact.documents.showing import Context
from fabrica.aiact.documents.text import clean
from fabrica.wire.documents import Evidence, Recipient

_LACK = re.compile(r"(\w+\.\w+)(?:\.(\w+))?(.*)", re.DOTALL)


class Held:
    """All evidence of one project."""

    def __init__(self, gathered: Gathered, recipient: Recipient, now: datetime, version: int | None) -> None:
        self.gathered = gathered
        self.context = Context(self.rows, recipient, version, now)
        self._joined: dict[str, list[dict[str, Any]]] = {}

    def of(self, kind: str) -> list[Evidence]:
        """Return the evidence of a kind, or the issued documents of `doc:annex_v`."""
        return [one for one in self.gathered.evidence if one.kind == kind]

    def rows(self, kind: str) -> list[dict[str, Any]]:
        """Return the rows of a kind, those of the same thing joined."""
        if kind not in self._joined:
            self._joined[kind] = joined(kind, self.of(kind))
        return self._joined[kind]

    @cached_property
    def datasets(self) -> tuple[str, ...]:
        """Every dataset that any evidence names."""
        per_dataset = (
            one for one in self.gathered.evidence if one.kind in kinds() and kinds()[one.kind].of == "dataset"
        )
        return tuple(dict.fromkeys(row["dataset"] for one in per_dataset for row in one.rows if "dataset" in row))

    @cached_property
    def subject(self) -> str:
        """The model's name and version, as far as they are known."""
        (model,) = self.rows("model.id") or ({},)
        return clean(" ".join(str(model[key]) for key in ("name", "version") if key in model)) or "Not named yet"

    def lacks(self, need: Need) -> list[str]:
        """Return what a need lacks, with the reason where one is known."""
        if need.kind.startswith("doc:"):
            return [] if self.of(need.kind) else [need.kind]
        found = lacking(need.kind, need.field, self.rows(need.kind), self.datasets)
        reason = self.gathered.absent.get(need.kind)
        return [f"{one} ({reason})" if reason else one for one in found]

    def partly(self, need: Need) -> bool:
        """Say whether anything is known of a need."""
        if need.kind.startswith("doc:"):
            return bool(self.of(need.kind))
        return any(_tells(row, need.field) for row in self.rows(need.kind))

    def only_by_a_person(self, need: Need) -> bool:
        """Say whether nothing but a person's word tells it."""
        return not any(
            _tells(row, need.field) for one in self.of(need.kind) if one.held_by != "person" for row in one.rows
        )


def _tells(row: Mapping[str, Any], field: str | None) -> bool:
    return field in row if field else bool(row)


def lack_words(lack: str) -> str:
    """Return what is missing in words, with where it would be held."""
    if lack.startswith("doc:"):
        return f"An issued document: {library.document_templates()[lack.removeprefix('doc:')].title}"
    if " or " in lack and "(" not in lack:
        return " or ".join(lack_words(one) for one in lack.split(" or "))
    found = _LACK.fullmatch(lack)
    if found is None or found[1] not in kinds():
        return lack[:1].upper() + lack[1:]
    kind, field, rest = found[1], found[2], found[3]
    shape = kinds()[kind]
    name = f"{shape.title}: {shape.fields[field].words}" if field in shape.fields else shape.title
    return f"{name}{rest} [{f'{kind}.{field}' if field else kind}, {library.evidence_kinds()[kind].held_in}]"
