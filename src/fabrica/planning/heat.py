"""A field of cells as a picture: a row for each place, a column for each stretch of time, darker for more."""

from collections.abc import Sequence
from html import escape

ROW, GAP, TOP, BOTTOM, RIGHT = 26, 2, 4, 58, 8
SIZES = (("wide", 720, 190), ("narrow", 340, 0))
"""Name, width, and how wide the names of rows are; 0: they stand above their cells."""
LABEL = 18
SWATCH = 12  # of the legend, whose words a narrow page just holds
PALEST = 0.06

HEAT_STYLE = """
.cell { fill: var(--fill); } .hole { fill: none; stroke: var(--line); } .name { fill: var(--ink); font-size: 13px; }
"""


def heat(
    name: str,
    words: str,
    rows: Sequence[tuple[str, Sequence[float | None]]],
    times: tuple[str, str],
    ends: tuple[str, str],
) -> str:
    """Return the picture, drawn for a wide and for a narrow page. Values lie in 0..1; null: nothing there.

    `name`: unique on the page. `words`: what a reader who cannot see the picture is told. `times`: what stands under
    the first and the last column. `ends`: what the palest and the darkest cell mean.
    """
    return "".join(_drawn(name, words, rows, times, ends, *size) for size in SIZES)


def _drawn(
    name: str,
    words: str,
    rows: Sequence[tuple[str, Sequence[float | None]]],
    times: tuple[str, str],
    ends: tuple[str, str],
    kind: str,
    width: int,
    left: int,
) -> str:
    step = ROW + (0 if left else LABEL)
    height = TOP + len(rows) * step + BOTTOM
    first, across = max(left, 4), (width - max(left, 4) - RIGHT) / max(len(rows[0][1]), 1)
    parts = []
    for place, (label, values) in enumerate(rows):
        down = TOP + place * step
        parts.append(f'<text class="name" x="4" y="{down + 16}">{escape(_cut(label, left))}</text>')
        down += 0 if left else LABEL + 4
        tall = ROW - GAP - (0 if left else 4)
        parts += [_cell(first + column * across, down, across, tall, value) for column, value in enumerate(values)]
    under = TOP + len(rows) * step + 16
    parts.append(f'<text class="tick" x="{first}" y="{under}">{escape(times[0])}</text>')
    parts.append(f'<text class="tick" x="{width - RIGHT}" y="{under}" text-anchor="end">{escape(times[1])}</text>')
    parts.append(_legend(first, under + 12, ends))
    title = f"{name}-{kind}-words"
    return (
        f'<svg class="{kind}-picture" viewBox="0 0 {width} {height}" role="img" aria-labelledby="{title}">'
        f'<title id="{title}">{escape(words)}</title>{"".join(parts)}</svg>'
    )


def _cut(label: str, left: int) -> str:
    """Return a name short enough for its column; the table below shows it whole."""
    room = (left - 12) // 7 if left else 44
    return label if len(label) <= room else label[: room - 1] + "…"


def _cell(x: float, y: float, wide: float, tall: float, value: float | None) -> str:
    box = f'x="{x:.1f}" y="{y}" width="{max(wide - 0.6, 0.6):.1f}" height="{tall}"'
    if value is None:
        return f'<rect class="hole" {box}/>'
    return f'<rect class="cell" {box} fill-opacity="{PALEST + (1 - PALEST) * min(max(value, 0.0), 1.0):.2f}"/>'


def _legend(x: float, y: float, ends: tuple[str, str]) -> str:
    cells = "".join(_cell(x + place * SWATCH, y, SWATCH, 12, place / 4) for place in range(5))
    words = f"{ends[0]} to {ends[1]}"
    return f'{cells}<text class="tick" x="{x + 5 * SWATCH + 6}" y="{y + 10}">{escape(words)}</text>'
