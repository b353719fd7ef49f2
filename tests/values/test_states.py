"""Promises of states and end reasons."""

from fabrica.values.states import ENDS, EndReason, Fault, RunState


def test_every_end_reason_says_what_it_means() -> None:
    assert set(ENDS) == set(EndReason)
    assert all(end.words.endswith(".") for end in ENDS.values())


def test_every_end_leads_to_a_final_state() -> None:
    assert all(end.state.final for end in ENDS.values())


def test_nobody_pays_for_what_a_site_or_the_network_did() -> None:
    assert not [reason for reason, end in ENDS.items() if end.fault in (Fault.SITE, Fault.NETWORK) and end.charged]


def test_only_a_fault_that_is_not_the_users_is_tried_again() -> None:
    assert not [reason for reason, end in ENDS.items() if end.fault in (Fault.USER, Fault.NOBODY) and end.retried]


def test_only_ended_runs_are_final() -> None:
    assert {state for state in RunState if state.final} == {
        RunState.SUCCEEDED,
        RunState.FAILED,
        RunState.CANCELLED,
        RunState.TIMED_OUT,
    }
