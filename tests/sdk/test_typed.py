"""What a person typed becomes a body, or a named problem that says what is wrong with it."""

import pytest

from fabrica.sdk.typed import typed
from fabrica.wire.evaluations import TakeBack
from fabrica.wire.problems import Malformed


def test_what_is_right_becomes_the_body() -> None:
    assert typed(TakeBack, reason="Of another model.") == TakeBack(reason="Of another model.")


@pytest.mark.parametrize("reason", ["", "x" * 501, None])
def test_what_is_wrong_is_told_with_its_field(reason: object) -> None:
    with pytest.raises(Malformed, match=r"^reason: "):
        typed(TakeBack, reason=reason)
