"""Decisions about versions: how they move, what may still change, and what descends from what."""

from collections.abc import Collection, Mapping
from datetime import date

from fabrica.values.ids import VersionId
from fabrica.wire.documents import Recipient
from fabrica.wire.issues import OwnFileKept
from fabrica.wire.runs import RunPurpose
from fabrica.wire.systems import (
    EvidenceMoved,
    KindContradicts,
    LineageCircular,
    Modification,
    ModificationUndecided,
    NewRelease,
    ReleaseDayWrong,
    SystemKind,
    VersionState,
    VersionStateWrong,
)

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


def check_release_days(told: NewRelease, today: date) -> None:
    """Accept the days of a release.

    Raises:
        ReleaseDayWrong: one is still to come.
    """
    days = [day for day in (told.market_on, told.service_on) if day is not None]
    if max(days) > today:
        raise ReleaseDayWrong(
            f"{max(days)} is still to come.", remedy="Release the version on its day; until then it is a draft."
        )


def check_decided(check: Modification, reason: str) -> None:
    """Accept a release whose check of the change is decided, or that somebody gives a reason for.

    Raises:
        ModificationUndecided: neither.
    """
    if check.verdict == "open" and not reason.strip():
        left = " ".join(one.words for one in check.reasons if one.verdict == "open")
        raise ModificationUndecided(
            f"It is not decided whether the change is substantial. {left}",
            remedy="Answer what is open, or give a reason for releasing it all the same.",
        )


def check_kind(kind: SystemKind, artefact: str | None) -> None:
    """Accept facts that tell of what is registered, or do not say of what.

    Raises:
        KindContradicts: they tell of the other kind.
    """
    if artefact not in (None, kind):
        raise KindContradicts(
            f"The facts tell of a {artefact}, and a {kind} is registered.",
            remedy=f"Answer 'artefact' with '{kind}', or register the {artefact} by itself.",
        )


def check_confirmed(consents: Mapping[str, Collection[str]], shown: Mapping[str, Collection[str]]) -> None:
    """Accept consents to the evidence that items show now.

    Raises:
        EvidenceMoved: an item shows other evidence, or none.
    """
    for item, evidence in consents.items():
        if not evidence or list(evidence) != list(shown.get(item, ())):
            raise EvidenceMoved(
                f"{item} shows other evidence than was confirmed.",
                remedy="Read it again and confirm what is shown now.",
                evidence=list(shown.get(item, ())),
            )


def check_shown(recipient: Recipient) -> None:
    """Accept a recipient whose view somebody outside may be shown.

    Raises:
        OwnFileKept: the provider's own file, which holds everything.
    """
    if recipient == "provider":
        raise OwnFileKept(
            "The provider's own file is for members of the project.",
            remedy="Show the view of the recipient that they are, or add them to the project.",
        )
