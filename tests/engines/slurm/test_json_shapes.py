"""slurmrestd's answers as values, older and newer shapes alike."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fabrica.engines.slurm.controller import Reservation
from fabrica.engines.slurm.jobs import Garbled
from fabrica.engines.slurm.json_shapes import number, read_job, read_node, read_reservation, read_row, state_of

# As slurmrestd of Slurm 22.05.8 answered, cut to what is read.
_JOB = {
    "job_id": 2, "array_job_id": 0, "array_task_id": None, "array_task_string": "", "name": "fab-att_a",
    "job_state": "FAILED", "state_reason": "NonZeroExitCode", "exit_code": 768, "restart_cnt": 1, "nodes": "beta-n1",
    "start_time": 1795261918, "end_time": 1795261922, "pre_sus_time": 0, "user_name": "root",
    "tres_alloc_str": "cpu=1,mem=64M,node=1,billing=1,gres/gpu=2",
}  # fmt: skip
_ROW = {
    "cluster": "beta", "job_id": 10, "name": "fab-att_a", "array": {"job_id": 0, "task_id": None},
    "exit_code": {"status": "SUCCESS", "return_code": 0}, "state": {"current": "COMPLETED", "reason": "None"},
    "time": {"elapsed": 2, "start": 1795264418, "end": 1795264420, "submission": 1795264418,
             "total": {"seconds": 1, "microseconds": 500000}},
    "tres": {"allocated": [{"type": "gres", "name": "gpu", "id": 1001, "count": 2},
                           {"type": "cpu", "name": None, "id": 1, "count": 2}]},
}  # fmt: skip


def test_a_job_of_the_older_shape_is_read() -> None:
    job = read_job(_JOB, now=1795269999)
    assert (job.job, job.state, job.exit_code, job.restarts, job.elapsed_seconds) == ("2", "FAILED", 3, 1, 4)
    assert job.allocated["gres/gpu"] == 2


def test_a_job_of_the_newer_shape_is_the_same_job() -> None:
    newer = _JOB | {
        "job_state": ["FAILED"],
        "exit_code": {"status": ["ERROR"], "return_code": {"set": True, "number": 3}, "signal": {"id": {"set": False}}},
        "start_time": {"set": True, "infinite": False, "number": 1795261918},
        "end_time": {"set": True, "infinite": False, "number": 1795261922},
        "array_job_id": {"set": True, "number": 0},
        "array_task_id": {"set": False, "number": 0},
    }
    assert read_job(newer, now=0) == read_job(_JOB, now=0)


@pytest.mark.parametrize("state", ["COMPLETING", ["PENDING", "COMPLETING"]], ids=["older", "newer"])
def test_a_job_that_is_requeued_has_not_started_again(state: object) -> None:
    told = _JOB | {"job_state": state, "start_time": 1795299151, "end_time": 1795385551}
    assert read_job(told, now=1795299151).state == "REQUEUED"
    over = _JOB | {"job_state": "COMPLETING"}
    assert read_job(over, now=1795299151).state == "COMPLETING"


def test_a_row_is_read() -> None:
    row = read_row(_ROW)
    assert (row.key, row.elapsed_seconds, row.cpu_seconds) == (("beta", "10", 1795264418), 2, 1.5)
    assert row.allocated == {"gres/gpu": 2, "cpu": 2}


def test_a_flag_that_says_more_goes_before_the_state() -> None:
    assert state_of(["COMPLETED", "COMPLETING"]) == "COMPLETING"
    assert state_of("running") == "RUNNING"


def test_a_drained_node_is_told_as_such() -> None:
    told = {
        "name": "n1",
        "state": "idle",
        "state_flags": ["DRAIN"],
        "cpus": 8,
        "idle_cpus": 6,
        "partitions": ["a", "b"],
    }
    nodes = read_node(told, {"a": 60})
    assert [(node.partition, node.time_limit_seconds_max, node.cpus_held) for node in nodes] == [
        ("a", 60, 2),
        ("b", None, 2),
    ]
    assert nodes[0].state == "idle+drain"


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda one: st.lists(one) | st.dictionaries(st.text(), one),
    max_leaves=8,
)


@given(_JSON)
def test_a_figure_is_a_number_or_none(value: object) -> None:
    assert number(value) is None or isinstance(number(value), int)


@settings(max_examples=40)
@given(st.dictionaries(st.sampled_from(sorted(_JOB)), _JSON))
def test_no_answer_breaks_the_reading_but_as_garbled(changed: dict[str, object]) -> None:
    try:
        read_job(_JOB | changed, now=0)
    except Garbled:
        return


def test_a_job_without_a_state_is_garbled() -> None:
    with pytest.raises(Garbled):
        read_job({"job_id": 1}, now=0)


@pytest.mark.parametrize("newer", [False, True], ids=["v0.0.38", "v0.0.44"])
def test_a_reservation_of_each_interface_is_the_one_that_scontrol_prints(newer: bool) -> None:
    told: dict[str, object] = {
        "accounts": "Users", "core_count": 2, "core_spec_cnt": 0, "flags": ["MAINT", "SPEC_NODES"], "name": "upgrade",
        "node_list": "beta-n[1-2]", "start_time": 1795491307, "end_time": 1795527307, "tres": "cpu=2", "users": "",
    }  # fmt: skip
    if newer:
        del told["core_spec_cnt"]
        told["core_specializations"] = [{"node": "beta-n1", "core": "0-1"}]
        for key in ("start_time", "end_time"):
            told[key] = {"set": True, "infinite": False, "number": told[key]}
    assert read_reservation(told) == Reservation(
        name="upgrade",
        starts=1_795_491_307,
        ends=1_795_527_307,
        nodes=frozenset({"beta-n1", "beta-n2"}),
        cores=2,
        picks_cores=newer,
        flags=frozenset({"MAINT", "SPEC_NODES"}),
        accounts=frozenset({"users"}),
    )
    with pytest.raises(Garbled):
        read_reservation({"name": "upgrade"})
