"""Intakes of one browser: kept in its session, so that the desk can be tried without an account."""

from collections.abc import MutableMapping
from dataclasses import dataclass, replace
from typing import Any

import yaml
from pydantic import ValidationError

from fabrica.aiact.intake.asking import outlook
from fabrica.aiact.intake.sitting import begin
from fabrica.server.core import clock
from fabrica.values.ids import VersionId
from fabrica.values.keys_once import KeyTwice, StrangersLoader, read_json
from fabrica.wire.aiact import AnswersUnreadable
from fabrica.wire.intake import Outlook, Proposal, Sitting
from fabrica.wire.problems import Malformed, NotFound

KEPT_MAX = 8
STEPS_MAX = 500
NAME_LENGTH_MAX = 80
FILE_BYTES_MAX = 64_000
_KEY = "aiact_intakes"

Session = MutableMapping[str, Any]


@dataclass(frozen=True, slots=True)
class Intake:
    """One set of answers. `proposals` wait to be confirmed; `version` is the one it was begun for, if any."""

    number: int
    name: str
    sitting: Sitting
    proposals: tuple[Proposal, ...] = ()
    version: VersionId | None = None

    def outlook(self) -> Outlook:
        """Return where it stands today.

        Raises:
            UnknownFact, FactMalformed, FactsContradict: as `classify` does.
        """
        return outlook(self.sitting, clock.now().date(), self.proposals)


def kept(session: Session) -> tuple[Intake, ...]:
    """Return the intakes of a session, oldest first; what an older version of the desk kept otherwise is left out."""
    found = []
    for number, one in session.get(_KEY, {}).items():
        try:
            found.append(_read(int(number), one))
        except (ValidationError, ValueError, KeyError):
            continue
    return tuple(found)


def _read(number: int, one: dict[str, Any]) -> Intake:
    return Intake(
        number=number,
        name=one["name"],
        sitting=Sitting.model_validate(one["sitting"]),
        proposals=tuple(Proposal.model_validate(proposal) for proposal in one["proposals"]),
        version=VersionId.parse(one["version"]) if one["version"] else None,
    )


def intake(session: Session, number: int) -> Intake:
    """Return one intake of a session.

    Raises:
        NotFound: the session keeps none of this number.
    """
    found = next((one for one in kept(session) if one.number == number), None)
    if found is None:
        raise NotFound(
            "This browser keeps no such intake, or no longer.",
            remedy="Begin a new one, or load the file with answers that you saved.",
        )
    return found


def add(session: Session, name: str, sitting: Sitting, version: VersionId | None = None) -> Intake:
    """Keep one more intake and return it.

    Raises:
        Malformed: as many are kept as a browser may keep.
    """
    numbers = [one.number for one in kept(session)]
    if len(numbers) >= KEPT_MAX:
        raise Malformed(
            f"This browser keeps {KEPT_MAX} intakes, and no more.", remedy="Save what you need and delete one of them."
        )
    new = Intake(max(numbers, default=0) + 1, name[:NAME_LENGTH_MAX], sitting, version=version)
    keep(session, new)
    return new


def keep(session: Session, one: Intake) -> None:
    """Keep an intake as it is now.

    Raises:
        Malformed: it was answered far more often than there are questions.
    """
    if len(one.sitting.steps) > STEPS_MAX:
        raise Malformed(
            f"This intake has more than {STEPS_MAX} answers, so they cannot all be taken back.",
            remedy="Save it as a file and go on from that file.",
        )
    session[_KEY] = session.get(_KEY, {}) | {
        str(one.number): {
            "name": one.name,
            "sitting": one.sitting.model_dump(mode="json"),
            "proposals": [proposal.model_dump(mode="json") for proposal in one.proposals],
            "version": one.version,
        }
    }


def copy(session: Session, number: int, name: str) -> Intake:
    """Keep a second intake with the same answers, to change one of them and compare; return it.

    Raises:
        NotFound: there is no such intake.
        Malformed: as many are kept as a browser may keep.
    """
    found = intake(session, number)
    return add(session, name, found.sitting, found.version)


def propose(session: Session, number: int, proposals: tuple[Proposal, ...]) -> None:
    """Let proposals wait until a person confirms or discards them; of the text they come from nothing is kept."""
    keep(session, replace(intake(session, number), proposals=proposals))


def forget(session: Session, number: int) -> None:
    """Delete an intake; deleting it twice changes nothing."""
    session[_KEY] = {key: one for key, one in session.get(_KEY, {}).items() if key != str(number)}


def read_file(content: bytes) -> Sitting:
    """Return the sitting that a saved file of answers holds, YAML or JSON.

    Raises:
        AnswersUnreadable: too large, not readable, or no answers.
        UnknownFact, FactMalformed, FactsContradict: a fact is not right.
    """
    if len(content) > FILE_BYTES_MAX:
        raise AnswersUnreadable(
            f"The file is larger than {FILE_BYTES_MAX:,} bytes.", remedy="Load a file that an intake saved."
        )
    try:
        if content.lstrip()[:1] in (b"{", b"["):  # as this page saves it; much faster to read
            told = read_json(content)
        else:
            told = yaml.load(content, Loader=StrangersLoader)  # noqa: S506 - a safe loader
    except KeyTwice as twice:
        raise AnswersUnreadable(f"In the file, {twice.where}.", remedy="Keep the one that is true.") from None
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError):
        raise AnswersUnreadable(
            "The file is neither YAML nor JSON.", remedy="Load a file that an intake saved."
        ) from None
    if not isinstance(told, dict):
        raise AnswersUnreadable("The file holds no answers.", remedy="Load a file that an intake saved.")
    return begin({str(key): value for key, value in told.items()})
