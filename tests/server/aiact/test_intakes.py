"""Intakes that a browser keeps in its session."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.aiact.intake.sitting import answer, as_saved, begin
from fabrica.server.aiact import intakes
from fabrica.wire.intake import Sitting
from fabrica.wire.problems import FabricaError, Malformed, NotFound
from tests.aiact.strategies import facts


def test_what_is_kept_is_read_as_it_was() -> None:
    session: dict[str, Any] = {}
    told = answer(begin({"artefact": "system"}), "technique", "machine_learning")
    new = intakes.add(session, "Ours", told)
    assert intakes.intake(json_of(session), new.number) == new


def json_of(session: dict[str, Any]) -> dict[str, Any]:
    """Return a session as a later request reads it."""
    found: dict[str, Any] = json.loads(json.dumps(session))
    return found


def test_numbers_are_not_given_twice_while_an_intake_is_kept() -> None:
    session: dict[str, Any] = {}
    numbers = [intakes.add(session, "a", Sitting()).number for _ in range(3)]
    intakes.forget(session, numbers[1])
    assert intakes.add(session, "b", Sitting()).number not in (numbers[0], numbers[2])
    intakes.forget(session, 99)


def test_an_intake_that_is_answered_without_end_is_refused() -> None:
    session: dict[str, Any] = {}
    found = intakes.add(session, "a", Sitting())
    step = answer(Sitting(), "artefact", "system").steps[0]
    long = intakes.Intake(found.number, "a", Sitting(steps=(step,) * (intakes.STEPS_MAX + 1)))
    with pytest.raises(Malformed):
        intakes.keep(session, long)
    assert intakes.intake(session, found.number) == found


@pytest.mark.parametrize(
    "kept", [{"1": {}}, {"x": {}}, {"1": {"name": "a", "sitting": 1, "proposals": [], "version": None}}]
)
def test_what_an_older_desk_kept_otherwise_is_left_out(kept: dict[str, Any]) -> None:
    assert intakes.kept({"aiact_intakes": kept}) == ()
    with pytest.raises(NotFound):
        intakes.intake({"aiact_intakes": kept}, 1)


@given(facts())
def test_a_saved_file_holds_the_same_answers(told: dict[str, Any]) -> None:
    try:
        sitting = begin(told)
    except FabricaError:
        return
    content = json.dumps(as_saved(sitting)).encode()
    assert intakes.read_file(content).answers == sitting.answers


@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_answers_or_a_named_problem(content: bytes) -> None:
    with contextlib.suppress(FabricaError):
        intakes.read_file(content)


def test_a_small_file_cannot_grow_large() -> None:
    bomb = b"a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"
    with pytest.raises(FabricaError):
        intakes.read_file(bomb)
    with pytest.raises(FabricaError):
        intakes.read_file(b"[" * 50_000)


def test_a_fact_told_twice_is_named_in_yaml_and_in_json() -> None:
    with pytest.raises(FabricaError, match="'artefact' is written twice"):
        intakes.read_file(b'{"answers": {"artefact": "model", "artefact": "system"}}')
    with pytest.raises(FabricaError, match="line 2: 'artefact' is written twice"):
        intakes.read_file(b"artefact: system\nartefact: model\n")
