"""How far compute is from a threshold, as a picture."""

from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.server.portal.margins import margin_track
from fabrica.wire.accounts import Margin


def margin(**told: Any) -> Margin:
    """Return a margin well below its threshold, or as told."""
    plain = {
        "threshold": "systemic_presumption",
        "quantity": "cumulative training compute",
        "threshold_flop": 1e25,
        "flop": 4e22,
        "share": 0.004,
        "state": "below",
        "with_planned": None,
        "words": "Cumulative training compute is below.",
        "source": "Art. 51(2)",
        "confidence": "text",
    }
    return Margin.model_validate(plain | told)


def share(drawn: ElementTree.Element, name: str, place: str = "cx") -> float:
    """Return where something stands, in per cent of the width."""
    (found,) = [one for one in drawn.iter() if (one.get("class") or "").split()[:1] == [name]]
    return float(str(found.get(place)).removesuffix("%"))


def test_what_is_below_stands_left_of_the_threshold_and_what_is_above_right_of_it() -> None:
    below = ElementTree.fromstring(margin_track(margin()))
    assert share(below, "margin-now") < share(below, "margin-limit", "x1")
    above = ElementTree.fromstring(margin_track(margin(flop=3e25, state="above")))
    assert share(above, "margin-now") > share(above, "margin-limit", "x1")


def test_what_is_not_known_has_no_dot() -> None:
    for flop in (None, 0.0):
        drawn = margin_track(margin(flop=flop, share=None, state="unknown"))
        assert "margin-now" not in drawn
        assert "margin-limit" in drawn


def test_what_is_planned_stands_behind_what_is_used_and_is_told_in_words() -> None:
    drawn = ElementTree.fromstring(margin_track(margin(), 2e25))
    assert share(drawn, "margin-planned") > share(drawn, "margin-now")
    assert "With what is planned" in str(drawn.get("aria-label"))


def test_hostile_words_stay_text() -> None:
    assert "<script>" not in margin_track(margin(words="<script>alert(1)</script>"))


@given(flop=st.floats(1, 1e40), limit=st.floats(1e3, 1e30), planned=st.none() | st.floats(0, 1e40))
def test_everything_drawn_stands_within_the_picture(flop: float, limit: float, planned: float | None) -> None:
    drawn = ElementTree.fromstring(margin_track(margin(flop=flop, threshold_flop=limit), planned))
    for one in drawn.iter():
        for place in ("cx", "x", "x1", "x2"):
            text = one.get(place)
            if text is not None and text.endswith("%"):
                assert -0.01 <= float(text[:-1]) <= 100.01


@pytest.mark.parametrize("state", ["below", "within_margin", "above"])
def test_a_state_is_told_in_words_beside_its_colour(state: str) -> None:
    drawn = ElementTree.fromstring(margin_track(margin(state=state)))
    assert drawn.get("role") == "img"
    assert drawn.get("aria-label") == "Cumulative training compute is below."
