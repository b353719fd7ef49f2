"""`fabrica.toml` is read strictly: every mistake is named with its line and what would be right."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fabrica.sdk.manifest import BYTES_MAX, Manifest, read_manifest
from fabrica.values.ids import SiteId
from fabrica.wire.runs import ManifestMissing, ManifestRefused

SOUND = """\
name = "ride-demand"
command = ["python", "train.py"]

[resources]
devices = 2
memory = "2 GiB"
time_limit = "1 h 30 min"

[[datasets]]
name = "rides"
source = "https://data.example/rides.csv"
file = "rides.csv"
sha256 = "0000000000000000000000000000000000000000000000000000000000000000"

[[metrics]]
name = "error"
accept_max = 0.5
"""


def read(folder: Path, text: str | bytes, **overrides: object) -> Manifest:
    (folder / "fabrica.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_manifest(folder, **overrides)


def test_a_sound_file_becomes_a_run_spec(tmp_path: Path) -> None:
    spec = read(tmp_path, SOUND).spec("f" * 64)
    assert (spec.name, spec.command, spec.purpose) == ("ride-demand", ("python", "train.py"), "exploratory")
    assert (spec.resources.devices, spec.resources.memory_bytes, spec.resources.time_limit_seconds) == (2, 2**31, 5400)
    assert spec.datasets[0].name == "rides"
    assert spec.metrics[0].accept_max == 0.5


def test_what_the_command_line_says_replaces_the_file(tmp_path: Path) -> None:
    spec = read(tmp_path, SOUND, time_limit_seconds=7, purpose="finetuning").spec("f" * 64)
    assert (spec.resources.time_limit_seconds, spec.resources.devices, spec.purpose) == (7, 2, "finetuning")


def test_sites_named_on_the_command_line_replace_those_of_the_file(tmp_path: Path) -> None:
    manifest = read(tmp_path, 'sites = ["lumi-aif"]\n' + SOUND)
    named = (SiteId("own-site"), SiteId("meluxina"))
    assert manifest.at(()).spec("f" * 64).sites == ("lumi-aif",)
    assert manifest.at(named).spec("f" * 64).sites == named
    assert read(tmp_path, SOUND).at(()).spec("f" * 64).sites is None


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ('name = "ride-demand"', 'name = "x"\nsites = ["LUMI"]', 2, "sites: 'LUMI' is not a site name"),
        ('name = "ride-demand"', 'name = "x"\nsites = "lumi-aif"', 2, "it must be a list"),
        ("devices = 2", "devces = 2", 5, "'devices'"),
        ('name = "ride-demand"', 'nam = "ride-demand"', 1, "'name'"),
        ('memory = "2 GiB"', 'memory = "much"', 6, "2 GiB"),
        ('time_limit = "1 h 30 min"', 'time_limit = "soon"', 7, "10 min"),
        ("devices = 2", 'devices = "two"', 5, "whole number"),
        ("devices = 2", "devices = 0", 5, "greater than or equal to 1"),
        ("[[metrics]]", "[[metric]]", 15, "'metrics'"),
        ("accept_max = 0.5", "accept_max = nan", 17, "finite"),
        ('command = ["python", "train.py"]', 'command = "python train.py"', 2, "list"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_what_would_be_right(
    tmp_path: Path, old: str, new: str, line: int, words: str
) -> None:
    with pytest.raises(ManifestRefused) as refused:
        read(tmp_path, SOUND.replace(old, new))
    assert f"line {line}" in refused.value.detail
    assert words in str(refused.value)


@pytest.mark.parametrize("key", ["name", "command"])
def test_a_missing_key_is_named(tmp_path: Path, key: str) -> None:
    text = "\n".join(line for line in SOUND.split("[resources]")[0].splitlines() if not line.startswith(key))
    with pytest.raises(ManifestRefused, match=f"'{key}' is missing"):
        read(tmp_path, text)


def test_a_missing_file_or_folder_is_told_with_an_example(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path, tmp_path / "nowhere", tmp_path / "file"):
        with pytest.raises(ManifestMissing) as refused:
            read_manifest(folder)
        assert "examples/" in refused.value.remedy


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe",
        b"name = ",
        b"x = " + b"[" * 5000,
        b"#" * (BYTES_MAX + 1),
        b"resources = 5",
        b"[[resources]]\nmemory = 1",
        b"x = " + b"9" * 5000,
    ],
    ids=["not text", "cut off", "deep", "huge", "no table", "many tables", "long number"],
)
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ManifestRefused, match=r"fabrica\.toml"):
        read(tmp_path, content)


def test_a_folder_in_the_file_s_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "fabrica.toml").mkdir()
    with pytest.raises(ManifestRefused, match="cannot be read"):
        read_manifest(tmp_path)


LINES = st.sampled_from([*SOUND.splitlines(), "resources = 1", "[resources.x]", "outputs = 5", "expected = 1979-05-27"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=80) | st.lists(LINES | st.text(max_size=10), max_size=8).map("\n".join))
def test_any_text_is_read_or_refused_by_name(tmp_path: Path, text: str) -> None:
    try:
        manifest = read(tmp_path, text.encode(errors="replace"), time_limit_seconds=5)
    except ManifestRefused:
        return
    assert manifest.spec("0" * 64).resources.time_limit_seconds == 5
    assert tomllib.loads(text)["name"] == manifest.name
