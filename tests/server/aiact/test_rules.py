"""Versions move only as the table says, and what they were made from stays once they are released."""

from datetime import date
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.server.aiact import rules
from fabrica.values.ids import VersionId
from fabrica.wire.issues import OwnFileKept
from fabrica.wire.runs import RunPurpose
from fabrica.wire.systems import (
    EvidenceMoved,
    LineageCircular,
    NewRelease,
    ReleaseDayWrong,
    VersionState,
    VersionStateWrong,
)

STATES = st.sampled_from(list(VersionState))


def moves(now: VersionState, wanted: VersionState) -> bool:
    try:
        rules.check_move("1.0", now, wanted)
    except VersionStateWrong:
        return False
    return True


@given(st.lists(STATES, max_size=12))
def test_no_way_leads_back_to_draft_or_out_of_withdrawn(wanted: list[VersionState]) -> None:
    now, seen = VersionState.DRAFT, [VersionState.DRAFT]
    for state in wanted:
        if moves(now, state):
            now = state
            seen.append(state)
    assert VersionState.DRAFT not in seen[1:]
    assert len(seen) == len(set(seen))
    assert VersionState.WITHDRAWN not in seen[:-1]
    assert VersionState.REPLACED not in seen or VersionState.RELEASED in seen


@given(STATES, st.sampled_from(get_args(RunPurpose)))
def test_only_runs_that_measure_are_added_after_the_draft(state: VersionState, purpose: RunPurpose) -> None:
    try:
        rules.check_open("1.0", state, purpose)
        allowed = True
    except VersionStateWrong:
        allowed = False
    measures = purpose in ("evaluation", "red_team")
    assert allowed == (state is VersionState.DRAFT or (measures and state is not VersionState.WITHDRAWN))


def test_a_release_is_not_dated_ahead() -> None:
    told = NewRelease(market_on=date(2026, 11, 22), service_on=date(2026, 11, 20))
    with pytest.raises(ReleaseDayWrong):
        rules.check_release_days(told, date(2026, 11, 21))
    rules.check_release_days(told, date(2026, 11, 22))


def test_a_version_is_never_its_own_ancestor() -> None:
    one, other = VersionId.new(), VersionId.new()
    rules.check_no_circle(one, [other])
    with pytest.raises(LineageCircular):
        rules.check_no_circle(one, [other, one])


def test_a_consent_names_all_evidence_that_is_shown_and_some_is_shown() -> None:
    rules.check_confirmed({"mdf-1": ["ev-1", "ev-2"]}, {"mdf-1": ("ev-1", "ev-2")})
    for said, shown in ((["ev-1"], ("ev-1", "ev-2")), ([], ()), (["ev-1"], ())):
        with pytest.raises(EvidenceMoved):
            rules.check_confirmed({"mdf-1": said}, {"mdf-1": shown})


def test_the_own_file_goes_to_nobody_outside() -> None:
    rules.check_shown("downstream")
    with pytest.raises(OwnFileKept):
        rules.check_shown("provider")
