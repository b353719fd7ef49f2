"""Every kind of scenario that the wire names can be checked and run."""

from typing import get_args

import pytest

from fabrica.planning.answers.kinds import kind_of
from fabrica.wire.scenarios import ScenarioKind


@pytest.mark.parametrize("name", get_args(ScenarioKind))
def test_a_kind_has_a_check_and_an_answer(name: ScenarioKind) -> None:
    kind = kind_of(name)
    assert callable(kind.check)
    assert callable(kind.answer)
