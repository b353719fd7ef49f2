"""Read HTML and XML as blocks of plain text in one pass; no script, style, entity or link of a file survives."""

import html
import re
from typing import NamedTuple

_SILENT = frozenset({"script", "style", "noscript", "template", "iframe", "object", "embed", "svg", "math", "head"})
_INLINE = frozenset({"a", "abbr", "b", "cite", "code", "date", "em", "font", "ft", "ht", "i", "ins", "quot.end",
                     "quot.start", "ref.doc.oj", "small", "span", "strong", "sub", "sup", "u"})  # fmt: skip
_EMPTY = frozenset({"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
_NAME = re.compile(r"[A-Za-z][\w.:-]*")


class Blocks(NamedTuple):
    """The text of a file, block by block; `complete`: it ended with the end of its first element."""

    lines: tuple[str, ...]
    complete: bool


def read_markup(markup: str) -> Blocks:
    """Return the text of HTML or XML.

    Each sign is looked at a fixed number of times, so no file takes longer than its length asks for.
    """
    parts: list[str] = []
    place, root, last = 0, "", ""
    while (start := markup.find("<", place)) >= 0:
        parts.append(markup[place:start])
        place, tag = _tag(markup, start)
        if place < 0:
            return Blocks(_lines(parts), complete=False)
        if not tag:
            continue
        name = tag.lstrip("/")
        root = root or name
        last = tag
        if name not in _INLINE:
            parts.append("\n")
        if tag in _SILENT and not markup.startswith("/>", place - 2):
            closing = re.compile(f"</{tag}", re.IGNORECASE).search(markup, place)
            if closing is None:
                return Blocks(_lines(parts), complete=False)
            place = closing.start()
    parts.append(markup[place:])
    return Blocks(_lines(parts), complete=last == f"/{root}" or root in _EMPTY)


def _tag(markup: str, start: int) -> tuple[int, str]:
    """Return where the text after a sign `<` goes on (-1: nowhere), and the tag: `p`, `/p`, or nothing for others."""
    if markup.startswith("<!--", start):
        end = markup.find("-->", start + 4)
        return (end + 3 if end >= 0 else -1), ""
    slash = markup.startswith("</", start)
    name = _NAME.match(markup, start + 1 + slash)
    if name is None and not markup.startswith(("<!", "<?"), start):
        return start + 1, ""  # a bare sign of comparison
    if markup.startswith("<![CDATA[", start):
        return start + len("<![CDATA["), ""
    end = markup.find(">", start)
    if name is None and "[" in markup[start : max(end, start)]:
        end = markup.find("]>", start) + 1 or -1  # a document type with declarations of its own
    if end < 0:
        return -1, ""
    return end + 1, ("/" if slash else "") + name[0].lower() if name else ""


def _lines(parts: list[str]) -> tuple[str, ...]:
    text = html.unescape("".join(parts))
    return tuple(line for one in text.split("\n") if (line := " ".join(one.split())))
