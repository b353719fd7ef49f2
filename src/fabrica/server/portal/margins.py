"""How far a model's compute is from a threshold, as a picture on a logarithmic scale."""

import math

from django.utils.safestring import SafeString
from django.utils.translation import gettext

from fabrica.aiact import library
from fabrica.aiact.figures import magnitude, significant
from fabrica.server.portal.svg import element
from fabrica.server.portal.ticks import drawable
from fabrica.wire.accounts import Margin

DECADES_BESIDE = 1


def margin_track(margin: Margin, planned_flop: float | None = None) -> SafeString:
    """Return a line from small to large with the threshold, the compute with its error, and what is planned.

    Places are shares of the width, so its words keep their size however wide it is drawn.
    """
    limit = margin.threshold_flop
    assert limit is not None
    known = margin.flop if drawable(margin.flop, True) else None
    low = math.floor(math.log10(min(limit, known or limit))) - DECADES_BESIDE
    high = math.ceil(math.log10(max(limit, known or limit, (known or 0) + (planned_flop or 0)))) + DECADES_BESIDE

    def share(flop: float) -> float:
        return (math.log10(flop) - low) / (high - low) * 100

    def place(flop: float) -> str:
        return f"{share(flop):.2f}%"

    parts = [
        element("rect", class_="margin-ground", width="100%", height=8, y=22, rx=4),
        element("rect", class_="margin-beyond", x=place(limit), width=f"{100 - share(limit):.2f}%", height=8, y=22),
        element("line", class_="margin-limit", x1=place(limit), x2=place(limit), y1=12, y2=38),
        element("text", _flop(limit), class_="margin-text", x=place(limit), y=8, text_anchor="middle"),
        element("text", magnitude(10.0**low), class_="margin-end", x="0%", y=50),
        element("text", magnitude(10.0**high), class_="margin-end", x="100%", y=50, text_anchor="end"),
    ]
    if known is not None:
        if planned_flop:
            end = place(known + planned_flop)
            parts.append(element("line", class_="margin-planned-way", x1=place(known), x2=end, y1=26, y2=26))
            parts.append(element("circle", class_="margin-planned", cx=end, cy=26, r=6))
        error = library.compute_accounting().error_margin.overall
        ends = [place(known * (1 - error)), place(known * (1 + error))]
        parts.append(element("line", class_="margin-error", x1=ends[0], x2=ends[1], y1=26, y2=26))
        parts.append(element("circle", class_=f"margin-now margin-{margin.state}", cx=place(known), cy=26, r=7))
    words = margin.words
    if planned_flop and known is not None:
        words += " " + gettext("With what is planned: %(flop)s.") % {"flop": _flop(known + planned_flop)}
    return element(
        "svg", element("title", words), *parts, class_="margin-track", role="img", aria_label=words, height=54
    )


def _flop(flop: float) -> str:
    return f"{significant(flop, 3)} FLOP"
