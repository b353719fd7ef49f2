"""What a terminal shows of a placement: the sites that matter, and of all others that there are."""

from datetime import UTC, datetime
from typing import Any, get_args

import pytest

from fabrica.cli import show
from fabrica.values.ids import SiteId
from fabrica.wire.placement import Candidate, Placement, Reason
from fabrica.wire.sites import Site

NAMED = Reason(code="sites", passed=True, words="The run may only be at here; this is here.")
UNNAMED = Reason(code="sites", passed=False, words="The run may only be at here; this is elsewhere.")
SMALL = Reason(code="nodes", passed=False, words="The run asks for 2 nodes; this partition has 1.")
SILENT = Reason(code="no_agent", passed=False, words="No agent of the site has ever connected.")


def _candidate(site: str, *reasons: Reason, partition: str = "main") -> Candidate:
    able = all(reason.passed for reason in reasons)
    return Candidate(
        site=SiteId(site), site_name=site, partition=partition, country="FI", able=able, reasons=reasons,
        rank=1 if able else None, score=0.1 if able else None,
    )  # fmt: skip


def _placement(*candidates: Candidate) -> Placement:
    return Placement(
        policy_version="1",
        decided_at=datetime(2026, 11, 20, tzinfo=UTC),
        chosen=SiteId("here"),
        chosen_partition="main",
        candidates=candidates,
        snapshot_sha256="ab" * 32,
    )


@pytest.mark.parametrize("detail", get_args(show.Detail))
def test_sites_that_the_run_does_not_name_are_one_line(capsys: pytest.CaptureFixture[str], detail: show.Detail) -> None:
    far = [_candidate(f"far-{number}", UNNAMED, SILENT) for number in range(58)]
    second = _candidate("far-0", UNNAMED, SILENT, partition="other")
    show.placement(_placement(*far, second, _candidate("here", NAMED)), detail)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert "here" in lines[2]
    assert " ".join(lines[3].split()) == "58 other sites not named with --site or in the run's file"


def test_a_site_that_the_run_names_is_shown_with_why_it_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    show.placement(_placement(_candidate("here", NAMED, SILENT), _candidate("far", UNNAMED)))
    shown = capsys.readouterr().out
    assert SILENT.words in shown
    assert "1 other site " in shown


def test_a_run_that_names_no_site_is_shown_every_one(capsys: pytest.CaptureFixture[str]) -> None:
    show.placement(_placement(_candidate("here", NAMED), _candidate("far", SMALL)))
    shown = capsys.readouterr().out
    assert "far" in shown
    assert "other site" not in shown


def test_sites_where_no_agent_ever_spoke_are_one_line_until_everyone_is_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    far = [_candidate(f"far-{number}", SILENT, SMALL, partition=part) for number in range(30) for part in ("a", "b")]
    decision = _placement(*far, _candidate("here", NAMED), _candidate("near", SMALL))
    show.placement(decision, "whom it may go to")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[2:]] == ["→", "near", "30"]
    assert lines[-1].split(maxsplit=3)[-1].strip() == "no agent has ever connected, so no run goes there"
    show.placement(decision, "everyone")
    assert "far-29" in capsys.readouterr().out


def test_of_a_site_that_cannot_take_the_run_only_what_refuses_it_is_told_until_everyone_is_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    decision = _placement(_candidate("here", NAMED), _candidate("near", NAMED, SMALL))
    told = []
    for detail in get_args(show.Detail):
        show.placement(decision, detail)
        told.append(capsys.readouterr().out.count(NAMED.words))
    assert told == [0, 1, 2]


def test_beside_the_log_of_a_run_the_placement_leaves_stdout_to_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    show.placement(_placement(_candidate("here", NAMED)), aside=True)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "here" in shown.err


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"connected": True}, "yes"),
        ({"connected": True, "personal": True}, "its owner's only"),
        (
            {"connected": True, "draining": True, "draining_reason": "Repair until Friday."},
            "no: draining. Repair until",
        ),
        (
            {"connected": True, "maintenance_ends_at": datetime(2026, 12, 3, 18, tzinfo=UTC)},
            "no: in maintenance until 2026-12-03 18:00 UTC",
        ),
        ({"connected": False}, "no: no agent has connected"),
        ({"connected": False, "last_word_at": datetime(2026, 11, 21, 9, 5, tzinfo=UTC)}, "silent since 09:05"),
    ],
)
def test_whether_a_site_takes_runs_is_told_in_words(
    changes: dict[str, Any], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told: dict[str, Any] = {
        "id": "here",
        "name": "Here",
        "kind": "own",
        "country": "FI",
        "simulated": False,
        "draining": False,
        "last_word_at": None,
        "devices_total": None,
        "devices_free": None,
        "summary": "",
    }
    show.site_list([Site(**(told | changes))])
    assert words in capsys.readouterr().out
