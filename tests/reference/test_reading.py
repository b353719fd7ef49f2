"""A mistake in a reference file is named by file, keys and what would be right; nothing is guessed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Literal

import pytest

from fabrica.reference.network import Network
from fabrica.reference.reading import FOLDER, ReferenceMalformed, read_file
from fabrica.reference.sources import FactValue
from fabrica.values.ids import SiteId


@dataclass(frozen=True, slots=True)
class Machine:
    name: str
    nodes: int | None
    power_megawatts: float | None = None


@dataclass(frozen=True, slots=True)
class Place:
    id: SiteId
    wave: Literal[1, 2, 3]
    ratio: Fraction
    machines: tuple[Machine, ...]
    facts: Mapping[str, FactValue] = field(default_factory=dict)


GOOD = """
id: lumi-aif
wave: 1
ratio: 2/3
machines: [{name: LUMI, nodes: 8, power_megawatts: 7}]
facts: {count: 3, share: 0.5, open: true, names: [a, b], note: null}
"""


def read(tmp_path: Path, text: str) -> Place:
    file = tmp_path / "place.yaml"
    file.write_text(text, encoding="utf-8")
    return read_file(Place, file)


def test_a_good_file_comes_back_typed(tmp_path: Path) -> None:
    place = read(tmp_path, GOOD)
    assert place.ratio == Fraction(2, 3)
    assert place.machines == (Machine("LUMI", 8, 7.0),)
    assert type(place.machines[0].power_megawatts) is float
    assert dict(place.facts) == {"count": 3, "share": 0.5, "open": True, "names": ("a", "b"), "note": None}


def test_a_key_that_yaml_takes_for_a_truth_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReferenceMalformed, match="put it in quotes"):
        read(tmp_path, GOOD.replace("open: true", "NO: 4"))


def test_what_was_read_cannot_be_changed(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        read(tmp_path, GOOD).facts["count"] = 4  # type: ignore[index]


@pytest.mark.parametrize(
    ("old", "new", "keys", "remedy"),
    [
        ("wave: 1", "wave: 4", "wave", "write one of 1, 2, 3"),
        ("wave: 1", "wave: true", "wave", "write one of 1, 2, 3"),
        ("wave: 1", "", "wave", "write it, with null when it is unknown"),
        ("wave: 1", "wave: 1\nwaves: 2", "waves", "the keys here are id, wave, ratio, machines, facts"),
        ("lumi-aif", "LUMI AIF", "id", "write text such as 'lumi-aif'"),
        ("id: lumi-aif", "id: 7", "id", "write text such as 'lumi-aif'"),
        ("2/3", "2/0", "ratio", "write a fraction as text, such as '2/1'"),
        ("2/3", "0.5x", "ratio", "write a fraction as text, such as '2/1'"),
        ("nodes: 8", "nodes: many", "machines[LUMI].nodes", "write a whole number"),
        ("nodes: 8", "nodes: true", "machines[LUMI].nodes", "write a whole number"),
        ("nodes: 8", "nodes: 8.5", "machines[LUMI].nodes", "write a whole number"),
        ("[{name: LUMI, nodes: 8, power_megawatts: 7}]", "LUMI", "machines", "write a list"),
        ("count: 3", "count: {deep: 3}", "facts.count", "write text, a number, true or false, or a list of texts"),
        ("count: 3", "count: 2026-11-20", "facts.count", "write text, a number, true or false, or a list of texts"),
    ],
)
def test_a_mistake_is_named_by_file_and_keys(tmp_path: Path, old: str, new: str, keys: str, remedy: str) -> None:
    with pytest.raises(ReferenceMalformed) as caught:
        read(tmp_path, GOOD.replace(old, new))
    assert (caught.value.file.name, caught.value.keys, caught.value.remedy) == ("place.yaml", keys, remedy)
    assert "place.yaml" in str(caught.value)
    assert keys in str(caught.value)


@pytest.mark.parametrize("text", ["", "- a\n- b", "just words", "null"])
def test_a_file_that_is_no_set_of_keys_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ReferenceMalformed, match=r"top of the file.*write keys with values"):
        read(tmp_path, text)


@pytest.mark.parametrize("text", ["id: [", "id: \x00", "!!python/object/apply:os.getcwd []"])
def test_a_file_that_is_not_plain_yaml_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ReferenceMalformed, match="is not YAML"):
        read(tmp_path, text)


def test_a_key_written_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReferenceMalformed, match="'wave' is written twice"):
        read(tmp_path, GOOD + "wave: 2\n")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReferenceMalformed, match=r"place\.yaml: .*cannot be read"):
        read_file(Place, tmp_path / "place.yaml")


def test_a_network_cut_off_half_way_is_refused(tmp_path: Path) -> None:
    whole = (FOLDER / "network.yaml").read_bytes()
    file = tmp_path / "network.yaml"
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ReferenceMalformed, match=r"network\.yaml"):
        read_file(Network, file)
