"""The page of a comparison stands alone, and shows hostile names as text."""

from dataclasses import replace

import pytest

pytest.importorskip("numba")

from fabrica.planning.compare import compare
from fabrica.planning.compare_report import report
from fabrica.planning.network.figures import figures
from fabrica.planning.network.runs import run_scenario
from tests.planning.network.builders import tiny
from tests.planning.test_report import Tags


def test_the_page_is_well_formed_needs_nothing_else_and_shows_hostile_names_as_text() -> None:
    outcome = run_scenario(tiny(), cores=1)
    hostile = replace(outcome, scenario=replace(outcome.scenario, name="<script>alert(1)</script>"))
    text = report(compare((outcome, figures(outcome)), (hostile, figures(hostile))))
    tags = Tags()
    tags.feed(text)
    assert tags.open == []
    assert not {"script", "link", "img", "iframe"} & set(tags.seen)
    assert "http" not in text
    assert 'download="compared.csv"' in text
