"""Traces of every kind are read alike, and what is wrong with a file is said by line."""

import bz2
import gzip
import lzma
import sys
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow
import pytest

from fabrica.planning.trace import Trace
from fabrica.planning.traces import reading
from fabrica.planning.traces.reading import read_trace
from fabrica.wire.planning import ReaderMissing, TraceMalformed

HEAD = "job_id,submit_s,runtime_s,units\n"
SACCT_HEAD = "JobID|Submit|Start|Elapsed|Timelimit|AllocTRES|State\n"


def read(folder: Path, content: str | bytes, units_max: int | None = None) -> Trace:
    """Return the trace of a file with this content; its name says nothing of its kind."""
    path = folder / "jobs"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_trace(path, units_max)


def columns(trace: Trace) -> list[list[int]]:
    return [list(one) for one in (trace.submit_seconds, trace.runtime_seconds, trace.units, trace.limit_seconds)]


def ids(trace: Trace) -> list[str]:
    return [str(job) for job in trace.ids]


def test_csv_is_read_with_and_without_what_may_be_missing(tmp_path: Path) -> None:
    assert columns(read(tmp_path, HEAD + "a,0,5,2\nb,3,4.0,1\n\n")) == [[0, 3], [5, 4], [2, 1], [-1, -1]]
    full = read(
        tmp_path, "\ufefflimit_s,units,user,runtime_s,submit_s,job_id,queue\r\n9,2,ann,5,0,a,x\r\n,1,bob,4,3,b,y\r\n"
    )
    assert (ids(full), columns(full)) == (["a", "b"], [[0, 3], [5, 4], [2, 1], [9, -1]])
    assert full.notices == ("Columns that are not used: queue.",)


def test_of_many_columns_that_are_not_used_the_first_are_named(tmp_path: Path) -> None:
    more = [f"c{number}" for number in range(50_000)]
    wide = read(tmp_path, HEAD.strip() + "," + ",".join(more) + "\na,0,5,2" + "," * len(more) + "\n")
    assert wide.notices == (f"Columns that are not used: {', '.join(more[:20])} and 49,980 more.",)


@pytest.mark.parametrize(
    "written",
    [
        "job_id;submit_s;runtime_s;units;limit_s\na;0;5;2;9\nb;3;4;1;\n",
        "job_id\tsubmit_s\truntime_s\tunits\tlimit_s\r\na\t0\t5\t2\t9\r\nb\t3\t4\t1\tNaN\r\n",
        "job_id|submit_s|runtime_s|units|limit_s\na|0|5|2|9\nb|3|4|1|none\n",
        '"job_id", "submit_s", "runtime_s", "units", "limit_s"\n"a", "0", "5", "2", "9"\n"b", "3", "4", "1", "-1"\n',
        "# made by us, in 2026\n\njob_id,submit_s,runtime_s,units,limit_s,\na,0,5,2,9,x\nb,3,4,1,null,x\n",
    ],
)
def test_fields_may_be_parted_by_other_marks_and_words_may_say_that_there_is_no_limit(
    tmp_path: Path, written: str
) -> None:
    trace = read(tmp_path, written)
    assert (ids(trace), columns(trace)) == (["a", "b"], [[0, 3], [5, 4], [2, 1], [9, -1]])
    assert trace.notices == ()


def by_pyarrow(codec: str) -> Callable[[bytes], bytes]:
    def pack(content: bytes) -> bytes:
        whole = pyarrow.BufferOutputStream()
        with pyarrow.CompressedOutputStream(whole, codec) as file:
            file.write(content)
        return bytes(whole.getvalue())

    return pack


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, by_pyarrow("zstd"), by_pyarrow("lz4")])
def test_a_packed_file_is_seen_by_its_content(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    whole = pack((HEAD + "".join(f"{row},0,5,2\n" for row in range(5000))).encode())
    assert len(read(tmp_path, whole)) == 5000
    with pytest.raises(TraceMalformed, match="broken or cut off"):
        read(tmp_path, whole[: len(whole) // 2])


def test_a_file_packed_in_another_way_says_how_to_unpack_it(tmp_path: Path) -> None:
    with pytest.raises(ReaderMissing) as refused:
        read(tmp_path, b"PK\x03\x040000")
    assert "unzip" in refused.value.remedy


def test_an_archive_of_several_files_says_how_to_unpack_it(tmp_path: Path) -> None:
    trace, archive = tmp_path / "jobs.swf", tmp_path / "jobs.tar.gz"
    trace.write_text("1 0 5 100 4 -1 -1 4 200 -1 1 7 1 -1 1 1 -1 -1\n")
    with tarfile.open(archive, "w:gz") as packed:
        packed.add(trace, "jobs.swf")
    with pytest.raises(ReaderMissing) as refused:
        read_trace(archive)
    assert "tar -xf" in refused.value.remedy


def test_zstandard_without_its_package_says_how_to_unpack_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ReaderMissing) as refused:
        read(tmp_path, b"\x28\xb5\x2f\xfd0000")
    assert "zstd -d" in refused.value.remedy


def test_parts_of_a_second_are_rounded_and_that_is_said(tmp_path: Path) -> None:
    trace = read(tmp_path, HEAD.strip() + ",limit_s\na,0.4,5.6,2,1e3\nb,1.0E+07,3,1,-1\n")
    assert columns(trace) == [[0, 10_000_000], [6, 3], [2, 1], [1000, -1]]
    assert trace.notices == ("2 times were rounded to whole seconds.",)


def test_empty_lines_before_the_first_are_passed_over(tmp_path: Path) -> None:
    assert len(read(tmp_path, f"\n\r\n{HEAD}a,0,5,2\n")) == 1
    assert len(read(tmp_path, "\n ; words\n" + swf(1, 0, 10, 4, 8, 60))) == 1
    with pytest.raises(TraceMalformed, match="Line 4: the runtime_s"):
        read(tmp_path, f"\n{HEAD}a,0,5,2\nb,0,x,1\n")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("a,1,x,1", "Line 3: the runtime_s 'x' is no whole number"),
        ("a,1,1.5.2,1", "Line 3: the runtime_s '1.5.2' is no whole number"),
        ("a,1,1e30,1", "Line 3: the runtime_s '1e30' is too large"),
        ("a,1,nan,1", "Line 3: the runtime_s 'nan' is no whole number"),
        ("a,1,1,0.5", "Line 3: the units '0.5' is no whole number"),
        ("a,-1,1,1", "Line 3: the submit_s -1 is negative"),
        ("a,1,-1,1", "Line 3: the runtime_s -1 is negative"),
        ("a,1,1,0", "Line 3: the units 0 asks for nothing"),
        ("a,1,1,-4", "Line 3: the units -4 is no number of units"),
        ("a,1,1,999999999", "Line 3: the units 999999999 is no number of units"),
        ("a,1,99999999999999,1", "Line 3: the runtime_s 99999999999999 is too large for a time in seconds"),
        ("a,1," + "9" * 6000 + ",1", f"Line 3: the runtime_s '{'9' * 60}' is too large"),
        ("a,1,\u0661,1", "Line 3: the runtime_s"),
        ("a,1,1_0,1", "Line 3: the runtime_s '1_0' is no whole number"),
        ("a,1,1", "Line 3: the line 'a,1,1' has 3 fields where the header has 4"),
        (",1,1,1", "Line 3: the job_id '' is empty"),
        ("first,1,1,1", "Line 3: the job_id 'first' is also the job of line 2"),
        ('a,1,1,"1', "Line 3: the line '' cannot be read as CSV"),
    ],
)
def test_a_broken_line_of_csv_is_named(tmp_path: Path, line: str, words: str) -> None:
    with pytest.raises(TraceMalformed) as refused:
        read(tmp_path, f"{HEAD}first,0,1,1\n{line}\n")
    assert str(refused.value).startswith(words)
    assert refused.value.remedy
    assert refused.value.facts["line"] == 3


def test_a_header_that_lacks_columns_is_named(tmp_path: Path) -> None:
    with pytest.raises(TraceMalformed, match="the header lacks submit_s, units; it has job_id, runtime_s"):
        read(tmp_path, "job_id,runtime_s\n1,2\n")
    with pytest.raises(TraceMalformed, match="names a column twice"):
        read(tmp_path, HEAD.strip() + ",units\n")


@pytest.mark.parametrize("content", ["", HEAD, "; only words\n", SACCT_HEAD])
def test_a_file_without_jobs_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(TraceMalformed):
        read(tmp_path, content)


def test_what_is_cut_off_or_no_text_is_refused(tmp_path: Path) -> None:
    whole = gzip.compress((HEAD + "".join(f"{row},{row},1,1\n" for row in range(5000))).encode())
    with pytest.raises(TraceMalformed, match="broken or cut off"):
        read(tmp_path, whole[: len(whole) // 2])
    with pytest.raises(TraceMalformed, match="not UTF-8"):
        read(tmp_path, HEAD.encode() + b"\xff\xfe,1,1,1\n")
    with pytest.raises(TraceMalformed):
        read(tmp_path, HEAD.encode() + b"a\0,1,1\n")


def test_an_unsorted_trace_is_sorted_and_that_is_said(tmp_path: Path) -> None:
    trace = read(tmp_path, HEAD + "a,7,1,1\nb,3,1,2\nc,7,1,3\nd,3,1,4\n")
    assert (ids(trace), list(trace.units)) == (["b", "d", "a", "c"], [2, 4, 1, 3])
    assert "sorted" in trace.notices[0]


def test_times_of_day_are_counted_from_the_first_job(tmp_path: Path) -> None:
    trace = read(tmp_path, HEAD + "a,1700000000,1,1\nb,1700000009,1,1\n")
    assert (list(trace.submit_seconds), trace.clock_seconds) == ([0, 9], 1_700_000_000)
    assert "times of day" in trace.notices[0]


def test_a_long_trace_tells_how_far_reading_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PROGRESS_LINES", 2)
    monkeypatch.setattr(reading, "PROGRESS_SECONDS", 0.0)
    (tmp_path / "jobs").write_text(HEAD + "".join(f"{row},{row},1,1\n" for row in range(6)))
    told: list[int] = []
    assert len(read_trace(tmp_path / "jobs", progress=told.append)) == 6
    assert told == [2, 4, 6]


def test_identifiers_stay_as_they_are_written(tmp_path: Path) -> None:
    assert ids(read(tmp_path, HEAD + "7,0,1,1\n12,0,1,1\n007,0,1,1\n")) == ["7", "12", "007"]
    assert ids(read(tmp_path, HEAD + "9,5,1,1\n7,0,1,1\n")) == ["7", "9"]
    with pytest.raises(TraceMalformed, match="Line 4: the job_id '7' is also the job of line 2"):
        read(tmp_path, HEAD + "7,0,1,1\n9,0,1,1\n7,0,1,1\n")


def test_larger_jobs_are_cut_and_counted(tmp_path: Path) -> None:
    trace = read(tmp_path, HEAD + "a,0,1,9\nb,0,1,4\n", units_max=4)
    assert list(trace.units) == [4, 4]
    assert trace.notices == ("1 jobs asked for more than 4 units and were cut to them.",)


def swf(job: int, submit: int, runtime: int, given: int, asked: int, limit: int) -> str:
    return f"{job} {submit} -1 {runtime} {given} -1.5 -1 {asked} {limit} " + "-1 " * 9 + "\n"


def test_swf_is_read_with_its_unknowns(tmp_path: Path) -> None:
    lines = swf(1, 0, 10, 4, 8, 60) + swf(2, 5, 3, 2, -1, -1) + swf(3, 6, -1, 4, 4, 9) + swf(4, 7, 5, 0, -1, 9)
    trace = read(tmp_path, "; Version: 2\n; MaxProcs: 8\n" + lines)
    assert (ids(trace), columns(trace)) == (["1", "2"], [[0, 5], [10, 3], [8, 2], [60, -1]])
    assert trace.notices == ("2 jobs without a run time or processors never ran and were left out.",)
    with pytest.raises(TraceMalformed, match=r"Line 2: .* has 3 fields"):
        read(tmp_path, swf(1, 0, 10, 4, 8, 60) + "2 5 3\n")


def test_lines_of_parts_of_a_job_are_not_further_jobs(tmp_path: Path) -> None:
    def told(job: int, runtime: int, status: int) -> str:
        return f"{job} 0 -1 {runtime} 2 -1 -1 2 9 -1 {status} " + "-1 " * 7 + "\n"

    trace = read(tmp_path, told(1, 9, 1) + told(1, 4, 2) + told(1, 5, 3) + told(2, 7, 4))
    assert (ids(trace), columns(trace)[1]) == (["1", "2"], [9, 7])
    assert trace.notices == ("2 lines tell parts of jobs and were left out; the line of the whole job counts.",)


def test_other_columns_of_sacct_stand_in(tmp_path: Path) -> None:
    lines = [
        "JobIDRaw|User|State|Submit|Start|ElapsedRaw|TimelimitRaw|ReqTRES|",
        "7|ada|CANCELLED by 1000|2026-11-01T10:00:00|2026-11-01T10:05:00|90|60|billing=8,gres/gpu:a100=2,node=1|",
        "8|bob|COMPLETED|1793527260|2026-11-01T10:05:00|30|UNLIMITED|gres/gpu=1|",
        "9|bob|CANCELLED by 1000|2026-11-01T10:02:00|None|0|60|gres/gpu=1|",
        "10|bob|FAILED|2026-11-01T10:02:00|2026-11-01T10:05:00|INVALID|60|gres/gpu=1|",
    ]
    trace = read(tmp_path, "\r\n".join(lines))
    assert (ids(trace), columns(trace)) == (["7", "8"], [[0, 60], [90, 30], [2, 1], [3600, -1]])
    assert trace.account_names == ("ada", "bob")
    assert "1 jobs have no valid run time and were left out." in trace.notices
    counts = "JobID|Submit|Elapsed|NCPUS\n7_[1-3]|2026-11-01T10:00:00|01:30|16\n"
    assert list(read(tmp_path, counts).units) == [16]


def test_sacct_output_is_read_and_gpus_and_cpus_are_not_mixed(tmp_path: Path) -> None:
    lines = [
        "7|2026-11-01T10:00:00|2026-11-01T10:05:00|1-00:00:10|2-00:00:00|cpu=64,gres/gpu=8,mem=1T|COMPLETED",
        "7.batch|2026-11-01T10:00:00|2026-11-01T10:05:00|1-00:00:10||cpu=64|COMPLETED",
        "8_1|2026-11-01T10:00:30|2026-11-01T10:05:00|01:30|UNLIMITED|billing=4,cpu=8,gres/gpu=1|FAILED",
        "9|2026-11-01T10:01:00|2026-11-01T10:05:00|00:00:30|01:00:00|cpu=8|COMPLETED",
        "10|2026-11-01T10:02:00|Unknown|00:00:00|01:00:00||PENDING",
    ]
    trace = read(tmp_path, SACCT_HEAD + "\n".join(lines) + "\n")
    assert (ids(trace), columns(trace)) == (["7", "8_1"], [[0, 30], [86_410, 90], [8, 1], [172_800, -1]])
    said = " ".join(trace.notices)
    assert "A unit is a GPU." in said
    assert "1 jobs were given no GPU" in said
    assert "1 jobs never started" in said
    assert list(read(tmp_path, SACCT_HEAD + lines[3]).units) == [8]


def test_gpus_that_slurm_accounts_by_kind_only_are_counted_once(tmp_path: Path) -> None:
    resources = ("gres/gpu:h100=2,gres/gpu:a100=1", "cpu=8,gres/gpu:h100=4,gres/gpu=4", "cpu=8,gres/gpumem=3")
    lines = [
        f"{job}|2026-11-01T10:00:00|2026-11-01T10:00:00|01:00|02:00|{given}|COMPLETED"
        for job, given in enumerate(resources)
    ]
    trace = read(tmp_path, SACCT_HEAD + "\n".join(lines) + "\n")
    assert (ids(trace), list(trace.units)) == (["0", "1"], [3, 4])


def test_jobs_that_still_run_are_told_of(tmp_path: Path) -> None:
    line = "7|2026-11-01T10:00:00|2026-11-01T10:00:00|01:00|02:00|cpu=4|RUNNING\n"
    assert "1 jobs were still running" in " ".join(read(tmp_path, SACCT_HEAD + line).notices)


def test_a_trace_without_partitions_says_that_it_names_none(tmp_path: Path) -> None:
    (tmp_path / "jobs").write_text(HEAD + "a,0,5,2\n")
    with pytest.raises(TraceMalformed, match="names none"):
        read_trace(tmp_path / "jobs", partition="gpu")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("7|yesterday|x|01:00|01:00|cpu=1|F", "Line 2: the Submit 'yesterday' is no time"),
        ("7|2026-11-01T10:00:00|x|soon|01:00|cpu=1|F", "Line 2: the Elapsed 'soon' is no duration"),
        ("7|2026-11-01T10:00:00|x|01:00|often|cpu=1|F", "Line 2: the Timelimit 'often' is no duration"),
        ("7|2026-11-01T10:00:00", "Line 2: the line '7|2026-11-01T10:00:00' has 2 fields"),
    ],
)
def test_a_broken_line_of_sacct_is_named(tmp_path: Path, line: str, words: str) -> None:
    with pytest.raises(TraceMalformed) as refused:
        read(tmp_path, SACCT_HEAD + line + "\n")
    assert str(refused.value).startswith(words)


def test_sacct_without_a_needed_column_says_how_to_make_the_file(tmp_path: Path) -> None:
    with pytest.raises(TraceMalformed, match="lacks AllocTRES") as refused:
        read(tmp_path, "JobID|Submit|Start|Elapsed|Timelimit\n")
    assert "sacct --allocations --parsable2" in refused.value.remedy


@pytest.mark.parametrize(
    "printed",
    [
        "JobID           JobName  Partition  AllocCPUS\n------- ------------ ---------- ----------\n7 bash gpu 1\n",
        "JobIDRaw,Submit,Elapsed,AllocTRES\n7,2026-11-20T12:00:00,00:10:00,cpu=8,gres/gpu=2\n",
    ],
)
def test_what_sacct_prints_without_bars_says_how_to_make_the_file(tmp_path: Path, printed: str) -> None:
    with pytest.raises(TraceMalformed, match="no bars") as refused:
        read(tmp_path, printed)
    assert "--parsable2" in refused.value.remedy


def test_a_list_in_json_says_which_json_is_read(tmp_path: Path) -> None:
    with pytest.raises(TraceMalformed) as refused:
        read(tmp_path, '[{"jobid": "application_1", "attempts": []}]')
    assert "--json" in refused.value.remedy


def test_parquet_without_its_package_says_which_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(ReaderMissing, match="pyarrow"):
        read(tmp_path, b"PAR1 and more")


def test_parquet_is_read_like_csv(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    table = pyarrow.table({"job_id": [1, 2], "submit_s": [0, 3], "runtime_s": [5, 4], "units": [2, 1]})
    parquet.write_table(table, tmp_path / "jobs.parquet")
    trace = read_trace(tmp_path / "jobs.parquet")
    assert (ids(trace), columns(trace)) == (["1", "2"], [[0, 3], [5, 4], [2, 1], [-1, -1]])


def test_times_of_day_durations_and_gaps_of_parquet_are_read(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    begin = datetime(2026, 11, 1, tzinfo=UTC)
    table = pyarrow.table(
        {
            "Job_ID": ["a", "b"],
            "submit_s": pyarrow.array([begin, begin + timedelta(seconds=61)], pyarrow.timestamp("ns", "UTC")),
            "runtime_s": pyarrow.array([timedelta(seconds=5), timedelta(hours=1)], pyarrow.duration("ms")),
            "units": pyarrow.array([2.0, 1.0], pyarrow.float32()),
            "limit_s": [float("nan"), 60.0],
        }
    )
    parquet.write_table(table, tmp_path / "jobs.parquet")
    trace = read_trace(tmp_path / "jobs.parquet")
    assert (ids(trace), columns(trace)) == (["a", "b"], [[0, 61], [5, 3600], [2, 1], [-1, 60]])
    parquet.write_table(table.slice(1).append_column("level", [["2.5"]]), tmp_path / "jobs.parquet")
    with pytest.raises(TraceMalformed, match=r"Line 1: the level '2\.5' is no whole number"):
        read_trace(tmp_path / "jobs.parquet")


def test_users_levels_and_one_partition_are_read_where_they_are_named(tmp_path: Path) -> None:
    lines = "a,0,1,1,ada,2,gpu\nb,1,1,1,,,cpu\nc,2,1,1,bob,0,gpu\nd,3,1,1,ada,,gpu\n"
    file = tmp_path / "jobs.csv"
    file.write_text(HEAD.strip() + ",user,level,partition\n" + lines)
    trace = read_trace(file, partition="gpu")
    assert trace.account_names == ("ada", "bob")
    assert list(trace.accounts or ()) == [0, 1, 0]
    assert list(trace.levels or ()) == [2, 0, 0]
    assert "1 jobs of other partitions were left out." in trace.notices
    with pytest.raises(TraceMalformed, match=r"partition 'tpu'; it names 'cpu', 'gpu'"):
        read_trace(file, partition="tpu")
    file.write_text(HEAD.strip() + ",level\na,0,1,1,12\n")
    with pytest.raises(TraceMalformed, match="Line 2: the level 12 is no level"):
        read_trace(file)


def test_the_users_of_swf_and_the_accounts_of_sacct_are_accounts(tmp_path: Path) -> None:
    swf = "1 0 -1 5 2 -1 -1 2 9 -1 1 42 -1 -1 -1 7 -1 -1\n2 0 -1 5 2 -1 -1 2 9 -1 1 -1 -1 -1 -1 8 -1 -1\n"
    assert read(tmp_path, swf).account_names == ("42", "")
    head = SACCT_HEAD.strip() + "|Account|Partition\n"
    row = "7|2026-11-20T10:00:00|2026-11-20T10:00:05|00:10|01:00|cpu=4|COMPLETED|climate|gpu\n"
    assert read(tmp_path, head + row).account_names == ("climate",)
