"""Bars from left to right, each cut into its parts, as a picture with a legend."""

from collections.abc import Mapping, Sequence
from html import escape

WIDTH, ROW, BAR, LEFT, RIGHT, TOP = 720, 44, 20, 8, 8, 4
COLOURS = """
:root { --part-0: #3466a8; --part-1: #b5651d; --part-2: #7a4f9a; --part-3: #2f7d5b; --part-4: #8a8f98; }
@media (prefers-color-scheme: dark) {
  :root { --part-0: #7aa7e6; --part-1: #e0a15c; --part-2: #bb94dc; --part-3: #6fc29d; --part-4: #7d8792; }
}
.part-0 { fill: var(--part-0); } .part-1 { fill: var(--part-1); } .part-2 { fill: var(--part-2); }
.part-3 { fill: var(--part-3); } .part-4 { fill: var(--part-4); } .name { fill: var(--ink); font-size: 13px; }
.wide svg { min-width: 34rem; }
"""


def stacked(
    name: str,
    words: str,
    rows: Sequence[tuple[str, Mapping[str, float]]],
    unit: str,
    ceiling: float | None = None,
    ends: Sequence[str] = (),
) -> str:
    """Return bars from left to right, each cut into its parts, with a line at `ceiling` where given, and a legend.

    `ends`: what stands behind each bar, its sum unless given.
    """
    top = max([ceiling or 0.0, *(sum(parts.values()) for _, parts in rows)]) or 1.0
    across = (WIDTH - LEFT - RIGHT - 80) / top
    drawn = []
    for place, (label, parts) in enumerate(rows):
        down, left = TOP + place * ROW, float(LEFT)
        drawn.append(f'<text class="name" x="{LEFT}" y="{down + 14}">{escape(label)}</text>')
        for number, amount in enumerate(parts.values()):
            wide = amount * across
            drawn.append(
                f'<rect class="part-{number}" x="{left:.1f}" y="{down + 18}" width="{wide:.1f}" height="{BAR}"/>'
            )
            left += wide
        end = ends[place] if ends else f"{sum(parts.values()):.3g} {unit}"
        drawn.append(f'<text class="tick" x="{left + 6:.1f}" y="{down + 32}">{escape(end)}</text>')
    bottom = TOP + len(rows) * ROW
    if ceiling:
        line = LEFT + ceiling * across
        drawn.append(f'<line class="ceiling" x1="{line:.1f}" x2="{line:.1f}" y1="{TOP}" y2="{bottom}"/>')
    drawn.append(_legend(list(rows[0][1]), bottom + 8))
    return (
        f'<div class="wide" tabindex="0" role="region" aria-labelledby="{name}-words">'
        f'<svg viewBox="0 0 {WIDTH} {bottom + 32}" role="img" aria-labelledby="{name}-words">'
        f'<title id="{name}-words">{escape(words)}</title>{"".join(drawn)}</svg></div>'
    )


def _legend(names: Sequence[str], down: float) -> str:
    across = (WIDTH - LEFT - RIGHT) / len(names)
    return "".join(
        f'<rect class="part-{number}" x="{LEFT + number * across:.1f}" y="{down}" width="12" height="12"/>'
        f'<text class="tick" x="{LEFT + number * across + 18:.1f}" y="{down + 11}">{escape(name)}</text>'
        for number, name in enumerate(names)
    )
