"""What a newcomer's own network holds after each start."""

from datetime import timedelta
from pathlib import Path

import pytest

from fabrica.server.config.embedded import first_people
from fabrica.server.core import clock
from fabrica.server.people import service as people
from fabrica.server.people.models import AccessToken

pytestmark = pytest.mark.django_db


def test_starting_again_makes_no_second_token(tmp_path: Path) -> None:
    first_people(tmp_path)
    token = (tmp_path / "token").read_text()
    (tmp_path / "token").chmod(0o644)
    assert first_people(tmp_path) == first_people(tmp_path)
    assert (tmp_path / "token").read_text() == token
    assert (tmp_path / "token").stat().st_mode & 0o777 == 0o600
    assert AccessToken.objects.count() == 1


@pytest.mark.parametrize("spoilt", ["gone", "of another network", "withdrawn", "near its end"])
def test_a_token_file_that_does_not_work_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoilt: str
) -> None:
    first_people(tmp_path)
    file = tmp_path / "token"
    if spoilt == "gone":
        file.unlink()
    elif spoilt == "of another network":
        file.write_text("another")
    elif spoilt == "withdrawn":
        AccessToken.objects.update(withdrawn_at=clock.now())
    else:
        later = clock.now() + timedelta(days=300)
        monkeypatch.setattr(clock, "now", lambda: later)
    first_people(tmp_path)
    assert people.actor_of_token(file.read_text()).user is not None
    assert AccessToken.objects.count() == 2
