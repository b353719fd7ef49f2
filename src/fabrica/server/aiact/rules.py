"""Decisions about versions: how they move, what may still change, and what descends from what."""

from collections.abc import Collection, Mapping

from fabrica.values.ids import VersionId
from fabrica.wire.runs import RunPurpose
from fabrica.wire.systems import LineageCircular, VersionState, VersionStateWrong

NEXT: Mapping[VersionState, frozenset[VersionState]] = {
    VersionState.DRAFT: frozenset({VersionState.RELEASED, VersionState.WITHDRAWN}),
    VersionState.RELEASED: frozenset({VersionState.REPLACED, VersionState.WITHDRAWN}),
    VersionState.REPLACED: frozenset({VersionState.WITHDRAWN}),
    VersionState.WITHDRAWN: frozenset(),
}
_MEASURES: frozenset[RunPurpose] = frozenset({"evaluation", "red_team"})


def check_move(label: str, now: VersionState, wanted: VersionState) -> None:
    """Accept a move of a version.

    Raises:
        VersionStateWrong: it does not go from the one to the other.
    """
    if wanted not in NEXT[now]:
        to = " or ".join(sorted(NEXT[now])) or "nothing"
        raise VersionStateWrong(f"{label} is {now} and cannot become {wanted}.", remedy=f"From there it becomes {to}.")


def check_open(label: str, state: VersionState, purpose: RunPurpose | None = None) -> None:
    """Accept a change of what a version was made from; runs that only measure it may be added as long as it is used.

    Raises:
        VersionStateWrong: it is no draft any more.
    """
    if state is VersionState.DRAFT or (purpose in _MEASURES and state is not VersionState.WITHDRAWN):
        return
    raise VersionStateWrong(
        f"{label} is {state}, so what it was made from does not change any more.",
        remedy="Add a new version with 'fabrica systems version'.",
    )


def check_no_circle(version: VersionId, ancestors: Collection[VersionId]) -> None:
    """Accept a parent whose ancestors, itself among them, are given.

    Raises:
        LineageCircular: the version is one of them.
    """
    if version in ancestors:
        raise LineageCircular(
            f"{version} would descend from itself.", remedy="Name the version it was made from, not one made from it."
        )
