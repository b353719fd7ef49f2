"""Evidence from records: where it is held, by which hash, and nothing that only a person may say."""

from fabrica.aiact.documents.evidence import Gathered
from fabrica.wire.accounts import Sources
from fabrica.wire.documents import Evidence
from tests.aiact.samples import event, gathered_from, make_run, source_evidence, values_of

DATASET = {"name": "faq", "source": "deb:faq=1", "sha256": "1" * 64, "licence": "CC-BY-4.0", "origin": "Debian"}


def _of(gathered: Gathered, kind: str) -> list[Evidence]:
    return [one for one in gathered.evidence if one.kind == kind]


def test_a_training_run_tells_its_time_hardware_code_data_and_settings() -> None:
    run = make_run(datasets=(DATASET,), parameters={"seed": 7})
    found = gathered_from(run)
    assert {one.kind for one in found.evidence} == {
        "run.ids", "run.time", "run.hardware", "run.code", "run.config", "data.id", "data.prov", "data.licence",
        "run.flop_hw", "run.flop_cumulative", "run.energy",
    }  # fmt: skip
    (time,) = _of(found, "run.time")
    assert (time.source, time.sha256, time.at) == ("usage.json in the record of run_a", "c" * 64, run.sealed_at)
    assert time.rows[0]["device_days"] == 8 / 24
    assert _of(found, "run.config")[0].rows[0]["settings"] == ["seed: 7"]


def test_what_the_program_states_is_marked_as_its_own_word() -> None:
    (found,) = _of(gathered_from(make_run(events=(event("data.bias", check="a", result="b"),))), "data.bias")
    assert (found.held_by, found.sha256) == ("run", "d" * 64)
    assert "Stated by the program" in found.method


def test_a_program_cannot_say_what_a_person_must_type() -> None:
    found = gathered_from(make_run(events=(event("typed.purpose", intended_purpose="everything"),)))
    assert not _of(found, "typed.purpose")
    assert "only a person may type" in found.notices[0]


def test_a_run_that_is_no_training_tells_nothing_of_the_data_or_the_model() -> None:
    stated = (
        event("data.id", dataset="a", sha256="1"),
        event("eval.robust", test="a", result="b"),
        event("run.synth", generator_model="g"),
    )
    found = gathered_from(make_run(purpose="synthetic_nonpublic", events=stated))
    assert not _of(found, "data.id")
    assert _of(found, "eval.robust")
    assert _of(found, "run.synth")
    assert "does not count as training" in found.notices[0]


def test_a_mistake_in_what_a_program_states_is_told_and_passed_over() -> None:
    found = gathered_from(make_run(events=(event("model.arch", architecure="x"), event("tuned", trees=3))))
    assert not _of(found, "model.arch")
    assert len(found.notices) == 1
    assert "architecture" in found.notices[0]


def test_the_hash_of_the_weights_is_the_recorded_one() -> None:
    stated = event("model.id", name="m", version="1", weights_file="model.pt", weights_sha256="f" * 64)
    artifact = {"path": "model.pt", "sha256": "9" * 64}
    (found,) = _of(gathered_from(make_run(events=(stated,), artifacts=(artifact,))), "model.id")
    assert found.rows[0]["weights_sha256"] == "9" * 64
    (unknown,) = _of(gathered_from(make_run(events=(stated,))), "model.id")
    assert "weights_sha256" not in unknown.rows[0]


def test_what_a_simulated_site_ran_is_no_evidence() -> None:
    found = gathered_from(make_run(simulated=True, datasets=(DATASET,)))
    assert found.evidence == ()
    assert "simulated" in found.notices[0]


def test_the_compute_of_a_model_is_no_evidence_while_a_part_is_unknown() -> None:
    found = gathered_from(make_run("run_a"), make_run("run_b", flop=None))
    assert not _of(found, "run.flop_cumulative")
    assert found.absent["run.flop_cumulative"] == "the compute of run_b is unknown"


def test_the_account_tells_what_is_in_and_what_is_out() -> None:
    found = gathered_from(make_run("run_a"), make_run("run_b", purpose="evaluation"))
    (account,) = _of(found, "run.flop_cumulative")
    assert "run_a" in account.rows[0]["included"][0]
    assert "run_b" in account.rows[0]["excluded"][0]
    assert "separately" not in account.rows[0]


def test_facility_factors_and_explanations_come_from_the_sources() -> None:
    sources = Sources.model_validate(
        {
            "sites": {"vega": {"pue": 1.2, "period": "2026", "source": "site"}},
            "explanation": "Busy is not FLOP.",
            "runs": {"run_a": {"evidence": source_evidence()}},
        }
    )
    found = gathered_from(make_run(), sources=sources)
    assert "Busy is not FLOP." in values_of(_of(found, "run.flop_cumulative"))
    assert {row["boundary"] for row in _of(found, "run.energy")[0].rows} == {"node", "facility"}
    assert _of(found, "run.pue")[0].rows[0]["pue"] == 1.2


def test_the_id_of_evidence_follows_from_what_it_says() -> None:
    one, same = gathered_from(make_run()), gathered_from(make_run())
    other = gathered_from(make_run(elapsed_seconds=7200.0))
    assert [e.id for e in one.evidence] == [e.id for e in same.evidence]
    assert _of(one, "run.time")[0].id != _of(other, "run.time")[0].id
