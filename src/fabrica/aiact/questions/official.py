"""Read a legal text that a person downloaded: HTML, XML or plain text into recitals, articles and annexes."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from fabrica.aiact.documents.text import clean
from fabrica.aiact.questions.markup import Blocks, read_markup
from fabrica.wire.questions import OfficialText, Section, TextRefused

LARGEST_BYTES = 30_000_000
LONGEST_PASSAGE = 2_000
_LONGEST_TITLE = 200
_ARTICLE_WORDS = "Article|Artikel|Artículo|Articolo|Artigo|Artykuł|Článek|Článok|Articolul|Članak|Artikla|Artiklu|Cikk"
_ARTICLE = re.compile(rf"(?:{_ARTICLE_WORDS})\s+(\d+[a-z]{{0,2}})\s*(?:[-–—:.]\s*(\S.*))?", re.IGNORECASE)
_ANNEX = re.compile(r"(?:ANNEX|ANHANG|ANNEXE|ANEXO|ALLEGATO|BIJLAGE)\s+([IVXLC]+)\s*(?:[-–—:.]\s*(\S.*))?")
_RECITAL = re.compile(r"\((\d+)\)\s*(.*)")
_PARAGRAPH = re.compile(r"(\d{1,2}[a-z]?)\.\s*(.*)")
_ENDED = re.compile("[.;:!?)\\]\u00bb\u201d\u2019\"'\\d]$")
_REMEDY = "Take the text from EUR-Lex as HTML or XML; from a PDF, save its text first."


def read_official(content: bytes, *, name: str, imported_on: date, title: str | None = None) -> OfficialText:
    """Return a file's recitals, articles and annexes as plain text, with the hash of the file.

    A file that ends in the middle is read as far as it goes and marked; `lacks` names numbers that are missing.

    Raises:
        TextRefused: too large, not text, a PDF, or without one article.
    """
    blocks = _blocks(content, name)
    sections = tuple(_sections(blocks.lines))
    if not any(one.label.startswith("Article") for one in sections):
        raise TextRefused(f"No article was recognised in {name}.", remedy=_REMEDY)
    lacks = tuple(_gaps(sections))
    return OfficialText(
        title=title or _title(blocks.lines) or name,
        file=clean(name),
        sha256=hashlib.sha256(content).hexdigest(),
        imported_on=imported_on,
        complete=blocks.complete and not lacks,
        lacks=lacks,
        sections=sections,
    )


def _blocks(content: bytes, name: str) -> Blocks:
    if len(content) > LARGEST_BYTES:
        raise TextRefused(f"{name} is larger than {LARGEST_BYTES:,} bytes.", remedy="Import one act at a time.")
    if content.startswith(b"%PDF"):
        raise TextRefused(f"{name} is a PDF, of which only the text can be read.", remedy=_REMEDY)
    text = clean(_decoded(content, name))
    if text.lstrip().startswith("<"):
        return read_markup(text)
    lines = tuple(line for one in text.split("\n") if (line := " ".join(one.split())))
    return Blocks(lines, complete=bool(lines) and bool(_ENDED.search(lines[-1])))


def _decoded(content: bytes, name: str) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    if b"\0" in content:
        raise TextRefused(f"{name} is not a text.", remedy=_REMEDY)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.end >= len(content) - 1:  # cut within its last character
            return content.decode("utf-8-sig", errors="replace")
        return content.decode("cp1252", errors="replace")


def _title(lines: Sequence[str]) -> str:
    """Return the line that names the act, such as `REGULATION (EU) 2024/1689 …`."""
    named = (line for line in lines[:200] if re.match(r"(?i)(regulation|directive|decision)\b.*\d{4}", line))
    return next(named, "")[:_LONGEST_TITLE]


class _Open:
    """A section that is being read."""

    def __init__(self, label: str, title: str = "") -> None:
        self.label, self.title = label, title
        self.lines: list[str] = []

    def closed(self) -> Section:
        return Section(label=self.label, title=self.title, passages=tuple(_passages(self.lines)))


def _sections(lines: Iterable[str]) -> Iterator[Section]:
    """Yield recitals, articles and annexes in the order of the text; what stands before the first is left out."""
    current: _Open | None = None
    articles = False
    for line in lines:
        opened = _opened(line, articles)
        if opened is not None:
            if current is not None:
                yield current.closed()
            current = opened
            articles = articles or opened.label.startswith("Article")
        elif current is not None:
            if not current.title and not current.lines and _is_title(current, line):
                current.title = line
            else:
                current.lines.append(line)
    if current is not None:
        yield current.closed()


def _opened(line: str, articles: bool) -> _Open | None:
    """Return the section that a line begins; recitals stand before the first article."""
    if found := _ARTICLE.fullmatch(line):
        return _Open(f"Article {found[1]}", (found[2] or "")[:_LONGEST_TITLE])
    if found := _ANNEX.fullmatch(line):
        return _Open(f"Annex {found[1]}", (found[2] or "")[:_LONGEST_TITLE])
    if not articles and (found := _RECITAL.fullmatch(line)):
        opened = _Open(f"Recital {found[1]}")
        opened.lines += [found[2]] if found[2] else []
        return opened
    return None


def _is_title(current: _Open, line: str) -> bool:
    return not current.label.startswith("Recital") and len(line) <= _LONGEST_TITLE and not _PARAGRAPH.match(line)


def _passages(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield the paragraphs of a section with their numbers; a long one in pieces."""
    number, words = "", ""
    for line in lines:
        found = _PARAGRAPH.fullmatch(line)
        if found or len(words) + len(line) > LONGEST_PASSAGE:
            yield from _pieces(number, words)
            words = ""
        if found:
            number, line = found[1], found[2]
        words = f"{words} {line}".strip()
    yield from _pieces(number, words)


def _pieces(number: str, words: str) -> Iterator[tuple[str, str]]:
    for start in range(0, len(words), LONGEST_PASSAGE):
        yield number, words[start : start + LONGEST_PASSAGE]


def _gaps(sections: Iterable[Section]) -> Iterator[str]:
    """Yield the articles that are missing between the first and the last; an amended act also has letters."""
    numbers = [int(found[1]) for one in sections if (found := re.match(r"Article (\d+)", one.label))]
    have = set(numbers)
    for number in range(1, max(numbers) + 1) if max(numbers) <= 10 * len(have) else ():
        if number not in have:
            yield f"Article {number}"
