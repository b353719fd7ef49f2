"""The page of every report: HTML that needs nothing else, light and dark, wide and narrow."""

from collections.abc import Sequence
from html import escape

STYLE = """
:root { color-scheme: light dark; --paper: #fff; --ink: #16202b; --soft: #55616e; --line: #dde2e7; --fill: #3466a8;
        --mark: #a83a2b; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #12171d; --ink: #e8edf2; --soft: #a3afbb; --line: #2b343d; --fill: #7aa7e6; --mark: #f0907f; }
}
body { margin: 0 auto; max-width: 46rem; padding: 3rem 1.25rem; background: var(--paper); color: var(--ink);
       font: 1rem/1.55 system-ui, sans-serif; font-variant-numeric: tabular-nums; }
h1 { font-size: 1.9rem; line-height: 1.15; letter-spacing: -0.02em; margin: 0 0 0.5rem; }
h2 { font-size: 1.15rem; margin: 2.5rem 0 0.25rem; }
p { margin: 0 0 0.75rem; max-width: 40rem; } .soft { color: var(--soft); }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(10rem, 1fr)); gap: 1rem; margin: 1.5rem 0; }
dt { color: var(--soft); font-size: 0.875rem; } dd { margin: 0; font-size: 1.3rem; font-weight: 600; }
dd.between { font-size: 0.875rem; font-weight: 400; color: var(--soft); }
svg { display: block; width: 100%; height: auto; } .narrow-picture { display: none; }
@media (max-width: 36rem) { .wide-picture { display: none; } .narrow-picture { display: block; } }
.grid { stroke: var(--line); } .tick { fill: var(--soft); font-size: 12px; } .area, .bar, .point { fill: var(--fill); }
.ceiling { stroke: var(--soft); stroke-dasharray: 4 4; } .mark { stroke: var(--mark); stroke-width: 2; }
details { margin-top: 0.5rem; } summary { cursor: pointer; color: var(--soft); }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-size: 0.875rem; margin-top: 0.5rem; }
th, td { text-align: right; padding: 0.25rem 1rem 0.25rem 0; border-bottom: 1px solid var(--line); }
td:first-child, th:first-child { text-align: left; }
"""


def page(title: str, body: Sequence[str], style: str) -> str:
    """Return a whole HTML page that needs nothing else; `body` is markup already, the title is text."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
        f'content="width=device-width, initial-scale=1"><title>{escape(title)}</title>'
        f"<style>{style}</style></head>\n<body><main>\n" + "\n".join(body) + "\n</main></body></html>\n"
    )
