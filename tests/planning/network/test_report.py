"""The page of an outcome stands alone, can be read without its pictures, and its tables can be taken away."""

import base64
import re
from dataclasses import replace

import pytest

pytest.importorskip("numba")

from fabrica.planning.network.figures import Figures, figures
from fabrica.planning.network.report import report
from fabrica.planning.network.runs import Outcome, run_scenario
from tests.planning.network.builders import tiny
from tests.planning.test_report import Tags


@pytest.fixture(scope="module")
def ran() -> tuple[Outcome, Figures]:
    own = '[[site]]\nid = "own"\nname = "<b>Own</b>"\ncountry = "AT"\naccelerator = "Gaudi3"\n'
    outcome = run_scenario(tiny(own + 'devices = 400\nbasis = "<i>"\nopens_on_day = 1\n', base=tiny()), cores=1)
    hostile = replace(outcome, scenario=replace(outcome.scenario, name="<script>alert(1)</script>"))
    return hostile, figures(hostile)


def test_the_page_is_well_formed_needs_nothing_else_and_shows_hostile_names_as_text(
    ran: tuple[Outcome, Figures],
) -> None:
    tags, text = Tags(), report(*ran)
    tags.feed(text)
    assert tags.open == []
    assert not {"script", "link", "img", "iframe", "b", "i"} & set(tags.seen)
    assert "http" not in text


def test_every_picture_has_words_and_it_says_that_it_is_simulated(ran: tuple[Outcome, Figures]) -> None:
    text = report(*ran)
    assert text.count("<svg ") == len(
        re.findall(r'<svg [^>]*role="img" aria-labelledby="[\w-]+"><title id="[\w-]+">\w', text)
    )
    assert "This is a simulation" in text
    assert "prefers-color-scheme: dark" in text


def test_a_table_can_be_taken_away_as_csv(ran: tuple[Outcome, Figures]) -> None:
    coded = re.search(r'download="partitions.csv" href="data:text/csv;base64,([^"]+)"', report(*ran))
    assert coded is not None
    lines = base64.b64decode(coded[1]).decode().split("\r\n")
    assert lines[0].startswith("partition,jobs,jobs_low,jobs_high,mean_wait_s")
    assert len([line for line in lines if line]) == 1 + len(ran[0].network.partitions)


def test_what_is_not_known_is_told_and_not_filled_in(ran: tuple[Outcome, Figures]) -> None:
    outcome, found = ran
    own = found.partitions[-1]
    assert own.megawatt_hours == (None, None)  # the idle power of this accelerator is not published
    assert any(line.startswith("Without energy of <b>Own</b>") for line in found.unknown)
    assert "Pharos" in report(outcome, found)
