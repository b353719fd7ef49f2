"""A planned training becomes a `fabrica.toml` that the platform reads."""

from dataclasses import replace
from pathlib import Path

import pytest

from fabrica.cli.plan_manifest import manifest, write_manifest
from fabrica.planning.training.answer import Answer, ask
from fabrica.planning.training.pools import parse_pool
from fabrica.sdk.manifest import read_manifest
from fabrica.wire.training import PoolRefused
from tests.planning.training.questions import make_training


def answer(pool: str = "H100-SXM:20", tokens: float = 1e12) -> Answer:
    return ask(make_training(), parse_pool(pool), tokens=tokens)


def test_it_asks_for_whole_nodes_and_the_longest_time(tmp_path: Path) -> None:
    read = read_manifest(write_manifest(answer(), tmp_path / "made" / "run").parent)
    assert (read.fields["resources"]["nodes"], read.fields["resources"]["devices"]) == (3, 8)
    assert read.fields["purpose"] == "pretraining"
    assert "24 devices for the 20" in manifest(answer())
    assert "Nodes are given whole" not in manifest(answer("H100-SXM:24"))
    assert "--tensor-parallel=1" in read.fields["command"]


def test_a_training_longer_than_a_run_may_last_is_said_to_go_on() -> None:
    assert "such runs, one after another" in manifest(answer(tokens=1e13))
    assert "such runs" not in manifest(answer("H100-SXM:512", tokens=1e10))


def test_any_name_becomes_one_that_a_run_may_carry(tmp_path: Path) -> None:
    odd = replace(answer(), model_name='Ünïcode "quoted"\n name!')
    assert read_manifest(write_manifest(odd, tmp_path / "odd").parent).name == "n-code-quoted-name"


def test_a_device_that_no_run_can_ask_for_is_refused() -> None:
    with pytest.raises(PoolRefused, match="no resource class"):
        manifest(answer("H800:64"))
