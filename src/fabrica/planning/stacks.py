"""Bars from left to right, each cut into its parts, as a picture with a legend."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

LINE, BAR, GAP, LEFT, RIGHT, TOP = 16, 20, 12, 8, 8, 2
ENDS = 84  # of the width, for what stands behind the bars
COLOURS = """
:root { --part-0: #3466a8; --part-1: #b5651d; --part-2: #7a4f9a; --part-3: #2f7d5b; --part-4: #8a8f98; }
@media (prefers-color-scheme: dark) {
  :root { --part-0: #7aa7e6; --part-1: #e0a15c; --part-2: #bb94dc; --part-3: #6fc29d; --part-4: #7d8792; }
}
.part-0 { fill: var(--part-0); } .part-1 { fill: var(--part-1); } .part-2 { fill: var(--part-2); }
.part-3 { fill: var(--part-3); } .part-4 { fill: var(--part-4); } .name { fill: var(--ink); font-size: 13px; }
"""

Rows = Sequence[tuple[str, Mapping[str, float]]]


@dataclass(frozen=True, slots=True)
class _Page:
    """A page to draw for: its width, the letters that a line of a name holds, and the columns of the legend."""

    kind: str
    width: int
    letters: int
    columns: int


PAGES = (_Page("wide", 720, 96, 5), _Page("narrow", 340, 46, 2))


def stacked(
    name: str,
    words: str,
    rows: Rows,
    unit: str,
    ceiling: float | None = None,
    ends: Sequence[str] = (),
) -> str:
    """Return bars from left to right, each cut into its parts, with a line at `ceiling` where given, and a legend.

    Drawn for a wide and for a narrow page. `ends`: what stands behind each bar, its sum unless given.
    """
    behind = ends or [f"{sum(parts.values()):.3g} {unit}" for _, parts in rows]
    return "".join(_drawn(name, words, rows, behind, ceiling, page) for page in PAGES)


def _drawn(name: str, words: str, rows: Rows, ends: Sequence[str], ceiling: float | None, page: _Page) -> str:
    top = max([ceiling or 0.0, *(sum(parts.values()) for _, parts in rows)]) or 1.0
    across, names = (page.width - LEFT - RIGHT - ENDS) / top, list(rows[0][1])
    drawn = [_legend(names, TOP, (page.width - LEFT - RIGHT) / page.columns, page.columns)]
    begin = down = TOP + LINE * -(-len(names) // page.columns) + GAP
    for (label, parts), end in zip(rows, ends, strict=True):
        for line in textwrap.wrap(label, page.letters) or [""]:
            down += LINE
            drawn.append(f'<text class="name" x="{LEFT}" y="{down - 3}">{escape(line)}</text>')
        drawn.append(_bar(parts, end, across, down + 1))
        down += BAR + GAP
    if ceiling:
        line_at = LEFT + ceiling * across
        drawn.append(f'<line class="ceiling" x1="{line_at:.1f}" x2="{line_at:.1f}" y1="{begin}" y2="{down}"/>')
    title = f"{name}-{page.kind}-words"
    return (
        f'<svg class="{page.kind}-picture" viewBox="0 0 {page.width} {down}" role="img" aria-labelledby="{title}">'
        f'<title id="{title}">{escape(words)}</title>{"".join(drawn)}</svg>'
    )


def _bar(parts: Mapping[str, float], end: str, across: float, down: int) -> str:
    drawn, left = [], float(LEFT)
    for number, amount in enumerate(parts.values()):
        wide = amount * across
        drawn.append(f'<rect class="part-{number}" x="{left:.1f}" y="{down}" width="{wide:.1f}" height="{BAR}"/>')
        left += wide
    drawn.append(f'<text class="tick" x="{left + 6:.1f}" y="{down + 14}">{escape(end)}</text>')
    return "".join(drawn)


def _legend(names: Sequence[str], down: int, across: float, columns: int) -> str:
    drawn = []
    for number, name in enumerate(names):
        left, line = LEFT + number % columns * across, down + number // columns * LINE
        drawn.append(f'<rect class="part-{number}" x="{left:.1f}" y="{line}" width="12" height="12"/>')
        drawn.append(f'<text class="tick" x="{left + 18:.1f}" y="{line + 11}">{escape(name)}</text>')
    return "".join(drawn)
