"""The kinds of evidence with their fields, and the layout of each document: data beside the law's data."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NamedTuple

from pydantic import Field

from fabrica.aiact import library
from fabrica.aiact.schema import Part
from fabrica.wire.documents import Recipient

FOLDER = Path(__file__).parent
SOURCE_CLASSES: Mapping[str, str] = MappingProxyType(
    {
        "public": "Publicly available datasets",
        "licensed": "Commercially licensed from rights holders",
        "private_third_party": "Private datasets from other third parties",
        "crawled": "Crawled or scraped from online sources",
        "user": "User data",
        "synthetic": "Synthetic data",
        "other": "Other sources",
    }
)
COMPUTE_AND_ENERGY = frozenset(
    {"run.energy", "run.pue", "run.flop_arch", "run.flop_hw", "run.flop_cumulative", "run.time", "eval.inference_flop"}
)
"""Kinds that reach neither downstream providers, deployers nor the public, whatever a document asks.

Source: the recipients of the Model Documentation Form, sections on computational resources and energy.
"""
KEPT_FROM: frozenset[Recipient] = frozenset({"downstream", "deployer", "public"})
_NUMBER = re.compile(r"(^|_)(count|flop|bytes|hours|tokens|days)$")


class FieldOf(NamedTuple):
    """A field of a kind: its words, whether a row must have it, and what a value is."""

    words: str
    required: bool
    kind: Literal["day", "number", "text"]


class Kind(NamedTuple):
    """A kind of evidence."""

    title: str
    of: Literal["one", "run", "dataset", "rows"]
    fields: Mapping[str, FieldOf]


class Need(NamedTuple):
    """A kind, or one field of it, such as `model.id.name`; `doc:annex_v` is an issued document."""

    kind: str
    field: str | None

    def __str__(self) -> str:
        return f"{self.kind}.{self.field}" if self.field else self.kind


class _KindFile(Part):
    title: str
    fields: Mapping[str, str]
    of: Literal["one", "run", "dataset", "rows"] = "rows"


class _Kinds(Part):
    kinds: Mapping[str, _KindFile]


class _ItemFile(Part):
    needs: tuple[str, ...] | None = None
    also: tuple[str, ...] = ()
    shown_as: str | None = Field(default=None, alias="as")
    optional: bool = False


class _SectionFile(Part):
    title: str
    level: int = 1
    items: Mapping[str, _ItemFile]


class TemplateLayout(Part):
    """One document: its sections in the official order, and who may be sent it."""

    short: str
    recipients: tuple[Recipient, ...]
    why: str
    sections: tuple[_SectionFile, ...]


class _Layouts(Part):
    templates: Mapping[str, TemplateLayout]


class ItemLayout(NamedTuple):
    """What one item needs: each need is met by any of its alternatives; `also` is shown when it is there."""

    needs: tuple[tuple[Need, ...], ...]
    also: tuple[Need, ...]
    shown_as: str | None
    optional: bool


@cache
def kinds() -> Mapping[str, Kind]:
    """Return the kinds of evidence by their id, with their fields."""
    found = library.read(_Kinds, FOLDER / "kinds.yaml").kinds
    return MappingProxyType(
        {
            name: Kind(one.title, one.of, MappingProxyType(dict(map(_field, one.fields.items()))))
            for name, one in found.items()
        }
    )


def _field(given: tuple[str, str]) -> tuple[str, FieldOf]:
    name, words = given
    plain = name.removesuffix("*")
    kind: Literal["day", "number", "text"] = "text"
    if plain.endswith("_on"):
        kind = "day"
    elif _NUMBER.search(plain):
        kind = "number"
    return plain, FieldOf(words, name.endswith("*"), kind)


@cache
def layouts() -> Mapping[str, TemplateLayout]:
    """Return the layout of every document by its key."""
    return library.read(_Layouts, FOLDER / "layout.yaml").templates


@cache
def item_layout(template: str, item: str) -> ItemLayout:
    """Return what an item needs; without a word in the layout, every kind that the law's data names for it."""
    given = next(section.items[item] for section in layouts()[template].sections if item in section.items)
    if given.needs is None:
        (law,) = (one for one in library.document_templates()[template].items if one.id == item)
        needs: tuple[tuple[Need, ...], ...] = tuple((need_of(kind),) for kind in law.evidence)
    else:
        needs = tuple(tuple(need_of(one) for one in need.split("|")) for need in given.needs)
    return ItemLayout(needs, tuple(map(need_of, given.also)), given.shown_as, given.optional)


def need_of(text: str) -> Need:
    """Return the need that `run.code`, `run.code.python` or `doc:annex_v` means."""
    if text.startswith("doc:"):
        return Need(text, None)
    group, name, *field = text.split(".")
    return Need(f"{group}.{name}", field[0] if field else None)
