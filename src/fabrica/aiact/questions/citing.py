"""Citations of a reply: each must name a passage of the law's data or of an imported text."""

import difflib
import re
from collections.abc import Iterable, Sequence

from fabrica.aiact.questions.passages import law_passages, passages_of
from fabrica.wire.questions import Citation, CitationUnknown, OfficialText, Passage, ReplyUncited

_DUTIES = "obligations/"
_ARTICLE = re.compile(r"\barticles?\b", re.IGNORECASE)


def cited(names: Iterable[str], imported: Sequence[OfficialText] = ()) -> tuple[Citation, ...]:
    """Return the passages that a reply names, by their id or as they are cited (`Art. 50(2)`), each once.

    Raises:
        ReplyUncited: none is named.
        CitationUnknown: the sources hold no such passage, or several; says which are near.
    """
    passages = [*law_passages(), *(one for text in imported for one in passages_of(text))]
    found = {one.id: _citation(one) for one in (_passage(name, passages) for name in names)}
    if not found:
        raise ReplyUncited(
            "The reply names no passage that it rests on.",
            remedy="Cite at least one article or passage; 'fabrica aiact ask' shows them.",
        )
    return tuple(found.values())


def _passage(name: str, passages: Sequence[Passage]) -> Passage:
    """Return the passage that is meant; where a duty and others are cited alike, the duty."""
    wanted = _plain(name)
    same = [one for one in passages if _plain(one.id) == wanted] or [
        one for one in passages if _plain(one.citation) == wanted and one.kind != "trap"
    ]
    duties = [one for one in same if one.id.startswith(_DUTIES)]
    for found in (same, duties):
        if len(found) == 1:
            return found[0]
    if same:
        raise CitationUnknown(
            f"{len(same)} passages are cited as {name[:80]!r}.",
            remedy=f"Name one by its id: {', '.join(one.id for one in same[:5])}{', …' if len(same) > 5 else ''}",
        )
    known = {_plain(text): text for one in passages for text in (one.id, one.citation)}
    near = difflib.get_close_matches(wanted, known, n=1)
    hint = f"Did you mean {known[near[0]]!r}?" if near else "Look it up with 'fabrica aiact ask'."
    raise CitationUnknown(f"The sources hold no {name[:80]!r}.", remedy=hint)


def _citation(passage: Passage) -> Citation:
    return Citation(
        passage=passage.id,
        citation=passage.citation,
        title=passage.title,
        text=passage.text,
        confidence=passage.confidence,
    )


def _plain(name: str) -> str:
    return " ".join(_ARTICLE.sub("art.", name).casefold().split())
