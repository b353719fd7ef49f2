"""Slurm's text as values: what it prints is read back, and what it never prints is said to be garbled."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.engines.slurm.ending import row_of_job
from fabrica.engines.slurm.jobs import (
    Garbled,
    devices_of,
    read_queue,
    read_rows,
    read_tres,
    span_seconds,
    split_status,
)

# Printed by Slurm 22.05.8.
_QUEUE = (
    "2|N/A|2|fab-att_a|FAILED|768|1795261918|1795261922|0:04|0|cpu=1,mem=64M,node=1,billing=1,gres/gpu=2|beta-n1|root|"
    "NonZeroExitCode|\n"
    "4|N/A|4|fab-att_b|PENDING|0|N/A|N/A|0:00|1|cpu=1,mem=64M,node=1,billing=1||root|JobHeldUser|\n"
    "5|N/A|5|somebody's|RUNNING|0|1795261918|1795262918|0:04|0|cpu=1|beta-n1|other|None|\n"
)
_ROWS = (
    "beta|1|fab-att_a|REQUEUED|0:0|1795261913|1795261913|1795261917|4|billing=1,cpu=1,gres/gpu=2,mem=64M,node=1|"
    "00:00.015||0\n"
    "beta|1.batch|batch|CANCELLED|0:15|1795261913|1795261913|1795261917|4|cpu=1|00:00.014|cpu=00:00:00,mem=4260K|0\n"
    "beta|1|fab-att_a|CANCELLED by 1000|0:0|1795261920|1795262040|1795262050|10|cpu=1,gres/gpu=2|00:01.5||0\n"
    "beta|4|fab-att_b|CANCELLED by 0|0:0|1795262099|None|1795262099|0||00:00:00||0\n"
)


def test_our_jobs_are_read_and_those_of_others_are_not() -> None:
    failed, waiting = read_queue(_QUEUE)
    assert (failed.job, failed.state, failed.exit_code, failed.signal_number) == ("2", "FAILED", 3, None)
    assert (failed.started_at, failed.elapsed_seconds, failed.allocated["gres/gpu"]) == (1795261918, 4, 2)
    assert (waiting.nodes, waiting.restarts, waiting.started_at, waiting.reason) == ("", 1, None, "JobHeldUser")


def test_a_job_that_is_requeued_has_not_started_again_though_the_queue_tells_a_time_for_a_moment() -> None:
    line = "6|N/A|6|fab-att_c|COMPLETING|0|1795299151|{}|{}|1|cpu=1,gres/gpu=2|beta-n1|root|None|\n"
    (requeued,) = read_queue(line.format(1795385551, "0:00"))  # as Slurm printed it right after scontrol requeue
    assert (requeued.state, row_of_job(requeued).started_at) == ("REQUEUED", None)
    for ended, elapsed in ((1795299151, "0:00"), (1795299251, "1:40")):
        (completing,) = read_queue(line.format(ended, elapsed))
        assert (completing.state, row_of_job(completing).started_at) == ("COMPLETING", 1795299151)


@pytest.mark.parametrize(
    ("printed", "meant"), [("768", (3, None)), ("9", (0, 9)), ("3:0", (3, None)), ("0:9", (0, 9)), ("0:0", (0, None))]
)
def test_an_exit_is_read_as_each_release_prints_it(printed: str, meant: tuple[int, int | None]) -> None:
    job = read_queue(_QUEUE.replace("|768|", f"|{printed}|"))[0]
    assert (job.exit_code, job.signal_number) == meant


def test_every_start_is_a_row_of_its_own_with_what_its_steps_used() -> None:
    requeued, cancelled, unstarted = read_rows(_ROWS)
    assert requeued.key == ("beta", "1", 1795261913)
    assert (requeued.memory_peak_bytes, requeued.cpu_seconds) == (4260 * 1024, 0.015)
    assert (cancelled.state, cancelled.cancelled_by, cancelled.memory_peak_bytes) == ("CANCELLED", "1000", None)
    assert (unstarted.started_at, unstarted.allocated) == (None, {})


@pytest.mark.parametrize("text", ["a|b|c\n", "2|N/A|2|fab-att_a|FAILED|x\n"])
def test_a_line_that_slurm_never_prints_is_garbled(text: str) -> None:
    with pytest.raises(Garbled):
        read_rows(text)


@given(st.text())
def test_no_text_at_all_breaks_the_reading_but_as_garbled(text: str) -> None:
    for read in (read_queue, read_rows):
        try:
            read(text)
        except Garbled:
            continue


_NAMES = st.sampled_from(["cpu", "node", "billing", "gres/gpu", "gres/gpu:h100", "gres/gpu:a100"])


@given(st.dictionaries(_NAMES, st.integers(0, 10**6)))
def test_resources_are_read_back(counts: dict[str, int]) -> None:
    assert read_tres(",".join(f"{name}={count}" for name, count in counts.items())) == counts


@given(st.integers(0, 64), st.integers(0, 64))
def test_typed_devices_are_never_counted_twice(h100: int, a100: int) -> None:
    typed = {"gres/gpu:h100": h100, "gres/gpu:a100": a100}
    assert devices_of(typed, gres="gpu") == devices_of(typed | {"gres/gpu": h100 + a100}, gres="gpu") == h100 + a100


@given(st.integers(0, 10**7))
def test_durations_are_read_back(seconds: int) -> None:
    days, rest = divmod(seconds, 86_400)
    clock = f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
    assert span_seconds(f"{days}-{clock}" if days else clock) == seconds


@given(st.integers(0, 255), st.integers(0, 64))
def test_a_wait_status_is_a_code_and_a_signal(code: int, signal_number: int) -> None:
    assert split_status(code << 8 | signal_number) == (code, signal_number or None)
