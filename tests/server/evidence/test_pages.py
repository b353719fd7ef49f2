"""The evidence page says whether the seals of a run hold."""

import pytest

from fabrica.server.core.actors import SYSTEM
from fabrica.server.evidence import queries, service
from tests.server.readers import make_world

pytestmark = pytest.mark.django_db


def test_the_seals_of_a_run_are_recomputed_for_its_readers() -> None:
    world = make_world()
    service.seal_next(SYSTEM)
    page = world.member.get(f"/runs/{world.run}/evidence", {"check": "1"})
    assert not page.context["changed"]
    assert page.context["report"].sound
    assert queries.of_subject(world.run)[0].hash[:12] in page.content.decode()


def test_a_record_changed_after_it_was_sealed_is_shown_as_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world()
    service.seal_next(SYSTEM)
    first, *rest = queries.of_subject(world.run)
    changed = first.model_copy(update={"content": {**first.content, "actor": "somebody else"}})
    monkeypatch.setattr(queries, "of_subject", lambda subject: (changed, *rest))
    page = world.member.get(f"/runs/{world.run}/evidence")
    assert [one.sequence for one in page.context["changed"]] == [first.sequence]
    assert "notice-bad" in page.content.decode()
