"""The report stands alone, can be read without its pictures, and shows a hostile name as text."""

import base64
import csv
import re
from html.parser import HTMLParser

from fabrica.planning.figures import figures
from fabrica.planning.replay import Cluster, Policy, replay
from fabrica.planning.report import report
from tests.planning.builders import make_trace

DONE = replay(make_trace([(0, 90_000, 4, -1), (2, 10, 2, -1), (9, 0, 1, -1)]), Cluster(4), Policy.FIFO, plain=True)
PAGE = report(DONE, figures(DONE), "<script>alert(1)</script>.csv")


class Tags(HTMLParser):
    """Counts what opens and checks that all of it closes in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.seen.append(tag)
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        self.seen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_well_formed_and_needs_nothing_else() -> None:
    tags = Tags()
    tags.feed(PAGE)
    assert tags.open == []
    assert not {"script", "link", "img", "iframe"} & set(tags.seen)
    assert "http" not in PAGE
    assert "url(" not in PAGE


def test_every_picture_has_words_and_a_table() -> None:
    pictures = PAGE.count("<svg ")
    assert pictures == 2 * 3  # wide and narrow
    assert len(re.findall(r'role="img" aria-labelledby="([\w-]+)-words"><title id="\1-words">\w', PAGE)) == pictures
    assert PAGE.count("<table>") == 3


def test_a_page_shows_each_picture_once_whatever_its_width() -> None:
    assert PAGE.count('<svg class="wide-picture"') == PAGE.count('<svg class="narrow-picture"') == 3
    assert re.search(r"max-width: \d+rem\) \{ \.wide-picture \{ display: none; \}", PAGE)


def test_a_hostile_name_is_shown_as_text() -> None:
    assert "&lt;script&gt;" in PAGE


def test_the_page_suits_light_and_dark() -> None:
    assert "prefers-color-scheme: dark" in PAGE


def test_a_trace_of_one_job_of_no_length_has_a_report() -> None:
    done = replay(make_trace([(0, 0, 1, -1)]), Cluster(1), Policy.FIFO, plain=True)
    assert "<svg" in report(done, figures(done), "one.csv")


def test_curves_and_waits_by_size_can_be_taken_away() -> None:
    curves, sizes = saved(PAGE, "over-time.csv"), saved(PAGE, "wait-by-size.csv")
    assert curves[0] == ["from_s", "to_s", "units_in_use", "jobs_queued"]
    assert len(curves) == 241
    assert float(curves[-1][1]) == max(DONE.ends())
    assert sizes[1:] == [
        ["1", "1", "1", "89991.0", "89991.0"],
        ["2", "2", "1", "89998.0", "89998.0"],
        ["3", "4", "1"] + ["0.0"] * 2,
    ]


def saved(page: str, name: str) -> list[list[str]]:
    """Return the rows of a file that a page holds in a link."""
    coded = re.search(rf'download="{re.escape(name)}" href="data:text/csv;base64,([^"]+)"', page)
    assert coded is not None
    return list(csv.reader(base64.b64decode(coded[1]).decode().splitlines()))
