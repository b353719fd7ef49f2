"""Citations of a reply: each must name a passage of the law's data or of an imported text."""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence

from fabrica.aiact.questions.passages import law_passages, passages_of
from fabrica.wire.questions import Citation, CitationUnknown, OfficialText, Passage, ReplyUncited

_ARTICLE = re.compile(r"\barticles?\b", re.IGNORECASE)


def cited(names: Iterable[str], imported: Sequence[OfficialText] = ()) -> tuple[Citation, ...]:
    """Return the passages that a reply names, by their id or as they are cited (`Art. 50(2)`), each once.

    Raises:
        ReplyUncited: none is named.
        CitationUnknown: the sources hold no such passage; says which is nearest.
    """
    known = _known(imported)
    found: dict[str, Citation] = {}
    for name in names:
        passage = known.get(_plain(name))
        if passage is None:
            near = difflib.get_close_matches(_plain(name), known, n=1)
            hint = f"Did you mean {known[near[0]].citation!r}?" if near else "Look it up with 'fabrica aiact ask'."
            raise CitationUnknown(f"The sources hold no {name[:80]!r}.", remedy=hint)
        found[passage.id] = Citation(
            passage=passage.id,
            citation=passage.citation,
            title=passage.title,
            text=passage.text,
            confidence=passage.confidence,
        )
    if not found:
        raise ReplyUncited(
            "The reply names no passage that it rests on.",
            remedy="Cite at least one article or passage; 'fabrica aiact ask' shows them.",
        )
    return tuple(found.values())


def _known(imported: Sequence[OfficialText]) -> Mapping[str, Passage]:
    """Return every passage by its id, and the first of each citation by that."""
    passages = [*law_passages(), *(one for text in imported for one in passages_of(text))]
    by_citation = {_plain(one.citation): one for one in reversed(passages) if one.kind != "trap"}
    return by_citation | {_plain(one.id): one for one in passages}


def _plain(name: str) -> str:
    return " ".join(_ARTICLE.sub("art.", name).casefold().split())
