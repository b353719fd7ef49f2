"""A scenario's text in, a result out: one way for every kind, so that a server runs them all alike."""

from collections.abc import Callable

from fabrica.wire.scenarios import Result, ScenarioKind

Progress = Callable[[float, str], None]
"""Is told how far a run is, from 0 to 1, and what it does now."""


def check(kind: ScenarioKind, text: str) -> None:
    """Read a scenario without running it.

    Raises:
        CandidatesRefused: the text of a siting has a mistake.
    """
    _CHECKS[kind](text)


def answer(kind: ScenarioKind, text: str, seed: int, progress: Progress) -> Result:
    """Run a scenario. The same text and seed give the same result.

    Raises:
        CandidatesRefused: as `check`.
    """
    return _ANSWERS[kind](text, seed, progress)


def _check_siting(text: str) -> None:
    from fabrica.planning.siting.candidate_file import parse_question

    parse_question(text, "the scenario")


def _answer_siting(text: str, seed: int, progress: Progress) -> Result:
    from fabrica.planning.siting.answer import result_of
    from fabrica.planning.siting.candidate_file import parse_question
    from fabrica.planning.siting.study import study

    question = parse_question(text, "the scenario")
    progress(0.2, f"{len(question.candidates)} candidates")
    found = study(question, seed=seed)
    progress(0.9, "pictures")
    return result_of(found)


_CHECKS: dict[ScenarioKind, Callable[[str], None]] = {"siting": _check_siting}
_ANSWERS: dict[ScenarioKind, Callable[[str, int, Progress], Result]] = {"siting": _answer_siting}
