"""The REST endpoints as a project meets them: its story on the command line, against the server in this process."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result
from django.test import Client as DjangoClient

from fabrica.cli import connection
from fabrica.cli.main import fabrica
from fabrica.sdk.client import Client
from fabrica.server.aiact import reconcilers
from fabrica.server.core.actors import Actor
from fabrica.server.people import service as people
from fabrica.values.ids import ProjectId
from fabrica.wire.aiact import FactMalformed
from fabrica.wire.problems import Malformed, NotAllowed, NotFound
from fabrica.wire.systems import ModificationUndecided
from tests.builders import make_member, make_operator, make_project, make_user
from tests.server.aiact.builders import (
    make_ended_run,
    make_issue,
    make_lead_with_version,
    make_system,
    make_version,
    make_world,
)

pytestmark = pytest.mark.django_db
Ask = Callable[..., Any]
LARGE_RUN = """
name = "large"
command = ["python", "train.py"]
[resources]
resource_class = "gpu.h100"
nodes = 1000
devices = 8
time_limit = "30 days"
"""
ANSWERS = Path(__file__).parents[3] / "examples" / "aiact" / "answers.yaml"


@pytest.fixture
def speak(monkeypatch: pytest.MonkeyPatch) -> Callable[[Actor], Callable[..., Result]]:
    """Return what runs commands as somebody; a word that waits for the server lets its loops run once."""

    def as_(by: Actor) -> Callable[..., Result]:
        assert by.user is not None
        token = people.make_token(by, user=by.user, name="tests")
        transport = httpx.MockTransport(_answered)
        monkeypatch.setattr(connection, "connect", lambda **_: Client("http://testserver", token, transport=transport))
        return lambda *arguments: CliRunner().invoke(fabrica, [str(one) for one in arguments])

    monkeypatch.setattr("time.sleep", lambda _: reconcilers.write_ordered_issues())
    return as_


def _answered(request: httpx.Request) -> httpx.Response:
    """Return the server's answer, in the database transaction of the test."""
    path, kind = request.url.raw_path.decode(), request.headers.get("Content-Type", "application/json")
    named = {name: value for name, value in request.headers.items() if name in ("authorization", "idempotency-key")}
    answer = DjangoClient().generic(request.method, path, request.content, kind, headers=named)
    return httpx.Response(answer.status_code, content=answer.content, headers={"Content-Type": answer["Content-Type"]})


def told(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def world_with_run() -> tuple[Actor, ProjectId, str]:
    lead, project, agent = make_world()
    return lead, project, make_ended_run(lead, project, agent)


def test_a_model_is_registered_linked_to_its_run_and_filled(
    speak: Callable[[Actor], Callable[..., Result]], tmp_path: Path
) -> None:
    lead, _, run = world_with_run()
    say = speak(lead)
    assert "No system" in say("systems").stdout
    system = told(say("systems", "add", "Euro char", "--kind", "model", "--version", "1.0", "--json"))
    assert [one["label"] for one in system["versions"]] == ["1.0"]
    linked = told(say("systems", "link", "Euro char:1.0", run, "--json"))
    assert [one["run"] for one in linked["runs"]] == [run]
    shown = say("systems", "show", "Euro char").stdout
    assert "Dataset names: CC0" in shown
    assert "no facts are told yet; 'fabrica systems facts' takes them" in shown

    found = told(say("systems", "facts", "Euro char", "--answers", _facts(tmp_path), "--json"))
    assert found["roles"]
    assert "gpai" in say("systems", "facts", "Euro char", "--as-of", "2026-01-01").stdout.lower()
    account = told(say("systems", "compute", "Euro char", "--json"))
    assert account["compute"]["training_compute"]["complete"]

    said = told(say("systems", "answer", "Euro char", "--answers", ANSWERS, "--json"))
    assert said["items"] == 1
    filled = told(say("aiact", "fill", "--template", "mdf", "--version", "Euro char", "--out", tmp_path, "--json"))
    assert filled["documents"][0]["fill"]["automatic"] > 5
    assert "Model Documentation Form" in say("systems", "documents", "Euro char").stdout
    refused = say("systems", "issue", "Euro char", "mdf", "--function", "Head of Models", "--json")
    assert refused.exit_code == 1
    assert all(one["asks"] and one["closed_by"] for one in refused.exception.facts["open"])  # type: ignore[union-attr]


def test_a_file_that_names_a_day_is_shown_as_of_it_and_kept_without(
    speak: Callable[[Actor], Callable[..., Result]], tmp_path: Path
) -> None:
    lead, _version = make_lead_with_version(name="Euro char")
    say = speak(lead)
    file = _facts(tmp_path)
    facts = json.loads(file.read_text())["answers"]
    file.write_text(json.dumps({"answers": facts | {"as_of": "2026-01-01"}}))
    shown = say("systems", "facts", "Euro char", "--answers", file, "--json")
    assert told(shown)["as_of"] == "2026-01-01"
    assert "as_of, 2026-01-01, is no fact" in shown.stderr
    assert told(say("systems", "facts", "Euro char", "--json"))["as_of"] != "2026-01-01"
    later = say("systems", "facts", "Euro char", "--answers", file, "--as-of", "2027-12-02", "--json")
    assert told(later)["as_of"] == "2027-12-02"
    file.write_text("artefact: model\nas_of: soon\n")
    assert isinstance(say("systems", "facts", "Euro char", "--answers", file).exception, FactMalformed)


def test_rows_of_evidence_are_entered_from_a_file_with_source_and_day(
    speak: Callable[[Actor], Callable[..., Result]], tmp_path: Path
) -> None:
    lead, _version = make_lead_with_version(name="Euro char")
    say = speak(lead)
    table = tmp_path / "licences.csv"
    table.write_text("dataset,licence\nnames,CC0\n")
    said = ("--file", table, "--on", "2026-11-20", "--function", "Data lead")
    entered = told(say("systems", "evidence", "Euro char", "data.licence", *said, "--json"))["entered"]
    assert entered["body"]["rows"] == [{"dataset": "names", "licence": "CC0"}]
    assert entered["body"]["origin"] == {"source": "licences.csv", "on": "2026-11-20"}
    shown = say("systems", "evidence", "Euro char", "data.licence").stdout
    assert "From licences.csv, as of 2026-11-20" in shown
    assert "licence: CC0" in shown
    assert "Nobody entered" in say("systems", "evidence", "Euro char", "org.size").stderr
    for wrong in (("org.sise", *said), ("data.licence", "--on", "2026-11-20"), ("data.licence", "--file", table)):
        assert say("systems", "evidence", "Euro char", *wrong).exit_code != 0
    assert say("systems", "evidence", "Euro char", "data.licence", *said, "--on", "2999-01-01").exit_code == 1


def test_a_complete_document_is_issued_and_checked_offline_and_shown_outside(
    speak: Callable[[Actor], Callable[..., Result]], tmp_path: Path
) -> None:
    lead, version = make_lead_with_version(name="Screening", kind="system")
    make_issue(lead, version)
    say = speak(lead)
    issued = told(
        say("systems", "issue", version, "fria", "--recipient", "authority", "--function", "Head of Models",
            "--format", "html", "--out", tmp_path, "--json")
    )  # fmt: skip
    assert (issued["number"], issued["state"]) == (2, "issued")
    assert {one["name"] for one in issued["files"]} == {"document.html", "document.json"}
    key = say("systems", "key").stdout.strip()
    assert "as it was signed" in say("aiact", "verify", issued["folder"], "--public-key", key).stdout
    first = told(say("systems", "documents", version, "--json"))["issues"][1]["id"]
    assert "They say the same" in say("systems", "changes", first, issued["id"]).stdout
    assert say("systems", "fetch", first, "--out", tmp_path).exit_code == 0

    outsider = make_user("Nadia Authority", email="nadia@authority.example")
    shown = ("systems", "views", version, "--show", "nadia@authority.example", "--recipient", "authority", "--json")
    assert [one["name"] for one in told(say(*shown))["views"]] == ["Nadia Authority"]
    assert speak(outsider)("systems", "fetch", first, "--out", tmp_path / "hers").exit_code == 0
    hidden = ("systems", "views", version, "--hide", "Nadia Authority", "--recipient", "authority")
    assert "Nobody outside" in speak(lead)(*hidden).stderr
    assert speak(outsider)("systems", "fetch", first, "--out", tmp_path / "gone").exit_code == 1


def test_a_version_is_released_over_another_and_withdrawn(speak: Callable[[Actor], Callable[..., Result]]) -> None:
    lead, _ = make_lead_with_version(name="Screening", kind="system")
    say = speak(lead)
    (first,) = told(say("systems", "--json"))["systems"][0]["versions"]
    assert "nothing to check" in say("systems", "release", first["id"], "--dry-run").stdout
    told(say("systems", "release", "Screening", "--market-on", "2026-01-01", "--json"))
    assert say("systems", "version", "Screening", "2.0", "--changes", "New data.").exit_code == 0
    over = ("systems", "release", "Screening:2.0", "--replaces", first["id"], "--market-on", "2026-11-01")
    assert "facts of both versions are needed" in say(*over, "--dry-run").stdout
    assert isinstance(say(*over).exception, ModificationUndecided)
    found = told(say(*over, "--reason", "Facts follow.", "--json"))
    assert (found["state"], found["replaces"]) == ("released", first["id"])
    gone = say("systems", "withdraw", "Screening:2.0", "--on", "2026-11-02", "--reason", "Recalled.", "--json")
    assert told(gone)["state"] == "withdrawn"


def test_lineage_is_told_on_the_command_line_and_a_half_told_one_is_refused(
    speak: Callable[[Actor], Callable[..., Result]],
) -> None:
    lead, base = make_lead_with_version(name="Base")
    say = speak(lead)
    told(say("systems", "add", "Tuned", "--kind", "model", "--version", "1.0", "--json"))
    made = ("systems", "made-from", "Tuned", "--relation", "finetuned_from")
    assert "Finetuned from Base" in say(*made, "--parent", base).stdout
    outside = told(say(*made, "--name", "Open", "--source", "https://x.example", "--flop", "1e22", "--evidence",
                       "card", "--json"))  # fmt: skip
    assert outside["lineage"][1]["outside"]["flop"] == 1e22
    assert say(*made, "--name", "Open").exit_code == 2
    assert say(*made).exit_code == 2


def test_others_are_told_why_they_may_not(speak: Callable[[Actor], Callable[..., Result]]) -> None:
    lead, version = make_lead_with_version(name="Screening")
    reader = make_member(told(speak(lead)("systems", "--json"))["systems"][0]["project"], "reader")
    assert isinstance(speak(reader)("systems", "version", "Screening", "2.0").exception, NotAllowed)
    stranger = speak(make_user())
    assert isinstance(stranger("systems", "show", version).exception, NotFound)
    assert isinstance(stranger("systems", "show", "Screening").exception, NotFound)


def test_a_grant_that_could_cross_a_threshold_is_warned_of_before_it_is_made(
    speak: Callable[[Actor], Callable[..., Result]],
) -> None:
    _, project, _ = make_world()
    say = speak(make_operator())
    large = say("grant", project, "gpu.h100", "50000", "--until", "2999-01-01", "--yes")
    assert "WARNING, A new model: With the planned 1.78 × 10²³ FLOP" in large.stderr
    small = say("grant", project, "gpu.h100", "10", "--until", "2999-01-01")
    assert "WARNING" not in small.stderr


def test_a_run_that_could_cross_a_threshold_is_warned_of_before_it_is_submitted(
    speak: Callable[[Actor], Callable[..., Result]], tmp_path: Path
) -> None:
    lead, project, _ = make_world()
    make_version(lead, project, make_system(lead, project, name="Big"), label="1.0")
    (tmp_path / "train.py").write_text("print('trained')\n")
    (tmp_path / "fabrica.toml").write_text(LARGE_RUN)
    say = speak(lead)
    plan = ("run", tmp_path, "--dry-run", "--purpose", "pretraining")
    assert "WARNING, A new model: With the planned" in say(*plan).stderr
    found = json.loads(say(*plan, "--json").stdout)["compute"]
    assert [margin["with_planned"] for margin in found["ahead"][0]["margins"]] == ["above", "above"]
    assert "WARNING" not in say("run", tmp_path, "--dry-run", "--purpose", "evaluation").stderr
    assert "A new model" not in (said := say(*plan, "--version", "Big:1.0").stderr)
    assert "WARNING, Big 1.0" in said


def _facts(folder: Path) -> Path:
    file = folder / "facts.yaml"
    facts = {
        "artefact": "model",
        "actor_does": ["trains_model", "develops"],
        "actor_based_in": "EU",
        "eu_link": ["placed_on_eu_market"],
        "model_outputs": ["text"],
        "training_flop": 2e23,
        "model_breadth": "broad",
    }
    file.write_text(json.dumps({"answers": facts}))
    return file


def test_what_cannot_be_registered_is_a_named_problem_and_nothing_is_half_written(
    speak: Callable[[Actor], Callable[..., Result]],
) -> None:
    member = make_user("Mia Member")
    make_project(member)
    say = speak(member)
    refused = [
        say("systems", "add", "Euro char", "--kind", "model", "--version", "<b>1</b>"),
        say("systems", "add", "", "--kind", "model"),
        say("systems", "add", "Euro char", "--kind", "model", "--purpose", "x" * 9000),
    ]
    assert [type(one.exception) for one in refused] == [Malformed] * 3
    assert json.loads(say("systems", "--json").stdout)["systems"] == []
