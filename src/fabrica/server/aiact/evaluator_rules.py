"""Decisions about independent evaluators: how they move, who is let in, and which report is accepted."""

from collections.abc import Mapping
from datetime import datetime

from fabrica.values.ids import EvaluatorId, VersionId
from fabrica.wire.evaluators import (
    PASS_SECONDS,
    EvaluatorRefused,
    EvaluatorState,
    EvaluatorStateWrong,
    ReportClaims,
    ReportRefused,
)

NEXT: Mapping[EvaluatorState, frozenset[EvaluatorState]] = {
    EvaluatorState.INVITED: frozenset({EvaluatorState.ACCEPTED, EvaluatorState.WITHDRAWN}),
    EvaluatorState.ACCEPTED: frozenset({EvaluatorState.WITHDRAWN}),
    EvaluatorState.WITHDRAWN: frozenset(),
}
CODE_TRIES_MAX = 5
REPORTS_MAX = 50
"""How many reports one evaluator may send: they are kept for good."""
_CLOCK_SECONDS = 120
"""By how much an evaluator's clock may be ahead of ours."""


def check_move(name: str, now: EvaluatorState, wanted: EvaluatorState) -> None:
    """Accept a move of an evaluator.

    Raises:
        EvaluatorStateWrong: they do not go from the one to the other.
    """
    if wanted not in NEXT[now]:
        raise EvaluatorStateWrong(f"{name} is {now} and cannot become {wanted}.", remedy="Invite them anew.")


def check_pass(claims: Mapping[str, object], audience: str, now: datetime) -> None:
    """Accept what an evaluator signed to be let in: for this server, and only for some minutes.

    Raises:
        EvaluatorRefused: for another server, too old, too long, or without its times.
    """
    issued, ends = claims.get("iat"), claims.get("exp")
    if claims.get("aud") != audience:
        raise EvaluatorRefused("What you signed is for another server.", remedy="Name this server's audience.")
    if not isinstance(issued, int) or not isinstance(ends, int) or not 0 < ends - issued <= PASS_SECONDS:
        raise EvaluatorRefused(
            f"What you signed names no time, or more than {PASS_SECONDS} s.", remedy="Name iat and exp, in seconds."
        )
    if not issued - _CLOCK_SECONDS <= now.timestamp() < ends:
        raise EvaluatorRefused("What you signed is not of now.", remedy="Set your clock, then sign anew.")


def check_access(state: EvaluatorState, access_ends_at: datetime, now: datetime) -> None:
    """Accept an evaluator who accepted, was not withdrawn, and whose time has not ended.

    Raises:
        EvaluatorRefused: they may see nothing.
    """
    if state is not EvaluatorState.ACCEPTED:
        raise EvaluatorRefused("Your invitation was withdrawn.", remedy="Ask the provider who invited you.")
    if now >= access_ends_at:
        raise EvaluatorRefused(
            f"Your access ended on {access_ends_at:%Y-%m-%d}.", remedy="Ask the provider for a new invitation."
        )


def check_count(reports: int) -> None:
    """Accept one more report of an evaluator who has sent some.

    Raises:
        ReportRefused: they have sent as many as may be kept.
    """
    if reports >= REPORTS_MAX:
        raise ReportRefused(f"You have sent {reports} reports.", remedy="Ask the provider for a new invitation.")


def check_report(
    claims: ReportClaims,
    *,
    evaluator: EvaluatorId,
    version: VersionId,
    sha256: str,
    accepted_at: datetime,
    now: datetime,
) -> None:
    """Accept the signed claims of a report that came with the hash `sha256`.

    Raises:
        ReportRefused: they are of another evaluator, version or file, or of a time that cannot be.
    """
    remedy = "Sign this report for this version: 'fabrica evaluators report FILE'."
    if claims.iss != evaluator:
        raise ReportRefused("The report is signed by another evaluator.", remedy=remedy)
    if claims.sub != version:
        raise ReportRefused("The report is signed for another version.", remedy=remedy)
    if claims.sha256 != sha256:
        raise ReportRefused("The signature is of another file.", remedy=remedy)
    if not accepted_at.timestamp() - _CLOCK_SECONDS <= claims.iat <= now.timestamp() + _CLOCK_SECONDS:
        raise ReportRefused("The report is signed before you accepted, or in the future.", remedy="Set your clock.")
