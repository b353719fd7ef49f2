"""The same request sent twice is answered alike and done once."""

from datetime import timedelta
from typing import Any, cast

import pytest
from django.db import IntegrityError
from django.test import RequestFactory

from fabrica.server.core import clock, idempotency
from fabrica.server.core.actors import Actor
from fabrica.server.core.models import AuditLine, IdempotencyKey
from fabrica.server.core.reconcilers import forget_old_idempotency_keys
from fabrica.server.core.requests import Asked
from fabrica.server.core.verbs import verb
from fabrica.values.ids import UserId
from fabrica.wire.problems import IdempotencyConflict, Malformed, NotAllowed

pytestmark = pytest.mark.django_db
ADA, BEN = Actor("Ada", user=UserId.new()), Actor("Ben", user=UserId.new())


class Act:
    """Counts how often it is done."""

    def __init__(self, problem: Exception | None = None) -> None:
        self.times, self.problem = 0, problem

    def __call__(self) -> int:
        self.times += 1
        if self.problem is not None:
            raise self.problem
        return self.times


def asked(by: Actor = ADA, key: str | None = "key", body: bytes = b"{}", path: str = "/runs") -> Asked:
    headers: dict[str, Any] = {"Idempotency-Key": key} if key is not None else {}
    request = cast(Asked, RequestFactory().post(path, body, content_type="application/json", headers=headers))
    request.auth = by
    return request


def test_the_same_request_is_done_once() -> None:
    act = Act()
    assert [idempotency.once(asked(), act) for _ in range(3)] == [1, 1, 1]
    assert act.times == 1


def test_without_a_key_it_is_done_each_time() -> None:
    act = Act()
    assert [idempotency.once(asked(key=None), act) for _ in range(2)] == [1, 2]


@pytest.mark.parametrize("other", [{"body": b'{"a": 1}'}, {"path": "/allocations"}])
def test_another_request_with_the_same_key_is_refused(other: dict[str, Any]) -> None:
    idempotency.once(asked(), Act())
    act = Act()
    with pytest.raises(IdempotencyConflict):
        idempotency.once(asked(**other), act)
    assert act.times == 0


def test_two_people_may_use_one_key() -> None:
    act = Act()
    assert idempotency.once(asked(ADA), act) == 1
    assert idempotency.once(asked(BEN), act) == 2


def test_a_failed_request_keeps_nothing_and_may_be_tried_again() -> None:
    with pytest.raises(ZeroDivisionError):
        idempotency.once(asked(), Act(ZeroDivisionError()))
    assert not IdempotencyKey.objects.exists()
    assert idempotency.once(asked(), Act()) == 1


def test_the_act_s_own_conflict_in_the_database_is_not_taken_for_a_repeat() -> None:
    with pytest.raises(IntegrityError):
        idempotency.once(asked(), Act(IntegrityError("another row")))


def test_a_refusal_stays_in_the_audit() -> None:
    @verb(may=lambda by, **_: False)
    def never(by: Actor) -> None: ...

    with pytest.raises(NotAllowed):
        idempotency.once(asked(), lambda: never(ADA))
    assert AuditLine.objects.get().outcome == "refused"
    assert not IdempotencyKey.objects.exists()


def test_a_request_that_came_between_is_answered_as_the_first_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """As when two connections send the same request at once: the other one is stored while this one acts."""
    idempotency.once(asked(), Act())
    look_up, looks = idempotency._known, []

    def late(*arguments: str) -> Any:
        looks.append(arguments)
        return look_up(*arguments) if len(looks) > 1 else None

    monkeypatch.setattr(idempotency, "_known", late)
    assert idempotency.once(asked(), lambda: "mine") == 1
    assert len(looks) == 2


def test_a_very_long_key_is_refused() -> None:
    with pytest.raises(Malformed, match="too long"):
        idempotency.once(asked(key="k" * 101), Act())


def test_old_answers_are_forgotten_and_young_ones_kept(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    first = clock.now()
    idempotency.once(asked(key="old"), Act())
    monkeypatch.setattr(clock, "now", lambda: first + timedelta(days=settings.IDEMPOTENCY_DAYS - 1))
    idempotency.once(asked(key="young"), Act())
    assert forget_old_idempotency_keys() == 0
    monkeypatch.setattr(clock, "now", lambda: first + timedelta(days=settings.IDEMPOTENCY_DAYS, seconds=60))
    assert [forget_old_idempotency_keys() for _ in range(2)] == [1, 0]
    assert list(IdempotencyKey.objects.values_list("key", flat=True)) == ["young"]


def test_forgetting_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "_FORGOTTEN_AT_ONCE", 2)
    for number in range(3):
        idempotency.once(asked(key=f"key-{number}"), Act())
    later = clock.now() + timedelta(days=1)
    assert [idempotency.forget_before(later) for _ in range(3)] == [2, 1, 0]
