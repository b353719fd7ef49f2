"""Logs come in as files and are read again on the server; nothing of a refused one is kept."""

import hashlib
import json
from typing import Any

import pytest
from django.test import Client

from fabrica.aiact.evaluations.archive import MEMBER_BYTES_MAX
from fabrica.server.aiact.evaluation_models import ImportedEvaluation
from fabrica.server.core.actors import Actor
from fabrica.server.core.storage import open_storage
from fabrica.server.people import service as people
from fabrica.values.ids import VersionId
from tests.aiact.evaluations.logs import DATA, HEADER, deflate_log, inspect_header, packed
from tests.server.aiact.builders import make_lead_with_version
from tests.server.aiact.terminal import Terminal, say

pytestmark = pytest.mark.django_db


@pytest.fixture
def made() -> tuple[Actor, VersionId]:
    return make_lead_with_version()


def _upload(made: tuple[Actor, VersionId], content: bytes, name: str = "capitals.eval", **headers: str) -> Any:
    lead, version = made
    assert lead.user is not None
    token = people.make_token(lead, user=lead.user, name="tests")
    path = f"/api/v1/versions/{version}/evaluations/{hashlib.sha256(content).hexdigest()}"
    told = {"Authorization": f"Bearer {token}"} | headers
    return Client().generic("PUT", path, content, query_params={"name": name}, headers=told)


def test_a_log_is_read_on_the_server_and_kept_under_its_hash(made: tuple[Actor, VersionId]) -> None:
    answer = _upload(made, deflate_log())
    assert answer.status_code == 201
    told = answer.json()["evaluation"]
    assert (told["task"], told["form"], told["file"]) == ("eu_capitals", "inspect_eval", "capitals.eval")
    assert open_storage().has(told["sha256"])


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"%PDF-1.7", "aiact.evaluation_refused"),
        (b"{}", "aiact.evaluation_refused"),
        (packed({HEADER: b" " * (MEMBER_BYTES_MAX + 1)}), "aiact.evaluation_refused"),
        (packed({HEADER: inspect_header(status="error")}), "aiact.evaluation_unfinished"),
    ],
)
def test_nothing_of_a_refused_log_is_kept(made: tuple[Actor, VersionId], content: bytes, code: str) -> None:
    assert _upload(made, content).json()["code"] == code
    assert not open_storage().has(hashlib.sha256(content).hexdigest())
    assert not ImportedEvaluation.objects.exists()


@pytest.mark.parametrize("name", ["", "x" * 201])
def test_a_log_without_a_sensible_name_is_refused(made: tuple[Actor, VersionId], name: str) -> None:
    assert _upload(made, deflate_log(), name).status_code == 422


def test_a_log_is_imported_listed_and_taken_back_on_the_command_line(
    made: tuple[Actor, VersionId], monkeypatch: pytest.MonkeyPatch
) -> None:
    lead, version = made
    Terminal(monkeypatch).of(lead)
    done = say("evaluations", "import", DATA / "inspect-deflate.eval", "--version", version, "--json")
    told = json.loads(done.stdout)
    assert told["evaluation"]["task"] == "eu_capitals"
    assert "eu-capitals" in say("evaluations", "list", version).stdout
    taken = say("evaluations", "take-back", version, told["id"], "--reason", "Of another model.")
    assert taken.exit_code == 0
    assert "Of another model." in say("evaluations", "list", version).stdout
