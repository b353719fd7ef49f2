"""Limits: so many tries and no more, each thing for itself."""

import pytest

from fabrica.server.core.limits import count_try
from fabrica.wire.problems import TooManyTries


def test_what_is_tried_too_often_is_refused_and_nothing_else() -> None:
    for _ in range(3):
        count_try("test_limits_one", tries_max=3, seconds=600)
    with pytest.raises(TooManyTries) as refused:
        count_try("test_limits_one", tries_max=3, seconds=600)
    assert refused.value.facts == {"retry_after_seconds": 600}
    count_try("test_limits_other", tries_max=3, seconds=600)
