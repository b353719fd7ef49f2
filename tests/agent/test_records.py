"""The agent's part of the record: whole, sealed, and the same when it is written again after a crash."""

import json
from pathlib import Path

from fabrica.agent.entries import Ending, Entry, Notes
from fabrica.agent.folders import AttemptFolder
from fabrica.agent.records import write_record
from fabrica.record.folder import read_chain
from fabrica.record.seal import seal
from fabrica.record.verify import verify
from fabrica.run import append_line
from fabrica.values.states import AttemptState, EndReason
from fabrica.wire.runs import Artifact, Dataset
from tests.agent.builders import NOON, make_order, sha256

NOTES = Notes(
    site="vega",
    environment={"lock": None, "environment_sha256": "e" * 64, "packages": [], "machine": {"cores_total": 2}},
    facts=((NOON, {"fact": "accepted"}), (NOON, {"fact": "staged"}), (NOON, {"fact": "queued", "handle": "job-1"})),
)
ENDING = Ending(reason=EndReason.COMPLETED, exit_code=0, started_at=NOON, ended_at=NOON)
MODEL = Artifact(path="model.txt", sha256=sha256(b"weights"), bytes=7)


def _entry() -> Entry:
    dataset = Dataset(name="bikes", source="pypi:rides==1", file="bikes.csv", sha256=sha256(b""))
    return Entry(
        order=make_order(datasets=(dataset,)),
        state=AttemptState.RUNNING,
        confirmed=True,
        variables={},
        start_asked=True,
        handle=None,
        stop_reason=None,
        ending=ENDING,
        artifacts=None,
        log_read=0,
        log_told=0,
        metrics_read=0,
    )


def test_a_record_written_twice_verifies_and_repeats_nothing(tmp_path: Path) -> None:
    folder = AttemptFolder(tmp_path)
    folder.prepare()
    append_line(folder.record / "metrics.jsonl", {"name": "mae", "value": 1.0, "step": None})
    entry = _entry()
    for _ in range(2):
        write_record(entry, ENDING, (MODEL,), folder, notes=NOTES, engine="local")
        seal(folder.record, now=NOON)
    assert verify(folder.record) == []
    assert [line["path"] for line in read_chain(folder.record / "artifacts.jsonl").lines] == ["model.txt"]
    assert [line["name"] for line in read_chain(folder.record / "datasets.jsonl").lines] == ["bikes"]
    assert len(read_chain(folder.record / "metrics.jsonl").lines) == 1


def test_what_a_run_writes_in_the_agents_name_does_not_stand(tmp_path: Path) -> None:
    folder = AttemptFolder(tmp_path)
    folder.prepare()
    for name in ("run.json", "usage.json", "seal.json", "evidence.json"):
        (folder.record / name).write_text('{"reason": "forged"}')
    write_record(_entry(), ENDING, (), folder, notes=NOTES, engine="local")
    seal(folder.record, now=NOON)
    assert json.loads((folder.record / "run.json").read_text())["reason"] == "completed"
    assert "forged" not in (folder.record / "usage.json").read_text()
    assert not (folder.record / "evidence.json").exists()


def _written(folder: AttemptFolder, notes: Notes = NOTES, engine: str = "local") -> Path:
    folder.prepare()
    write_record(_entry(), ENDING, (), folder, notes=notes, engine=engine)
    return folder.record


def test_a_record_says_where_it_ran_and_what_was_ordered(tmp_path: Path) -> None:
    about = json.loads((_written(AttemptFolder(tmp_path)) / "run.json").read_text())
    assert (about["site"], about["partition"], about["number"], about["engine"]) == ("vega", "local", 1, "local")
    assert about["work_order"]["datasets"][0]["name"] == "bikes"
    assert not about["simulated"]


def test_a_record_of_a_simulated_site_says_so(tmp_path: Path) -> None:
    assert json.loads((_written(AttemptFolder(tmp_path), engine="simulated") / "run.json").read_text())["simulated"]


def test_facts_are_chained_lines_with_the_instants_they_were_seen(tmp_path: Path) -> None:
    chain = read_chain(_written(AttemptFolder(tmp_path)) / "facts.jsonl")
    assert [line["fact"] for line in chain.lines] == ["accepted", "staged", "queued", "ended"]
    assert (chain.torn, chain.broken) == ((), ())
    assert chain.lines[0]["at"] == "2026-11-20T12:00:00.000Z"
    assert chain.lines[-1]["log_bytes_dropped"] == 0


def test_facts_are_the_same_bytes_when_they_are_written_again(tmp_path: Path) -> None:
    first = (_written(AttemptFolder(tmp_path / "a")) / "facts.jsonl").read_bytes()
    assert first == (_written(AttemptFolder(tmp_path / "b")) / "facts.jsonl").read_bytes()


def test_a_record_holds_the_environment_it_was_staged_with(tmp_path: Path) -> None:
    kept = json.loads((_written(AttemptFolder(tmp_path)) / "environment.json").read_text())
    assert kept["machine"] == {"cores_total": 2}
    assert kept["environment_sha256"] == "e" * 64


def test_what_is_not_known_of_an_unstaged_attempt_is_null(tmp_path: Path) -> None:
    kept = json.loads((_written(AttemptFolder(tmp_path), Notes()) / "environment.json").read_text())
    assert [kept[name] for name in ("environment_sha256", "python", "packages", "machine")] == [None] * 4


def test_a_changed_fact_breaks_the_seal(tmp_path: Path) -> None:
    record = _written(AttemptFolder(tmp_path))
    seal(record, now=NOON)
    facts = record / "facts.jsonl"
    facts.write_bytes(facts.read_bytes().replace(b"job-1", b"job-2"))
    assert verify(record)
