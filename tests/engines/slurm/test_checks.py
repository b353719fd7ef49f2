"""The dry run on a real Slurm: nothing is submitted, and what is wrong is named."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from fabrica.engines.contract import ChecksItself, Finding
from tests.engines.slurm.bench import SlurmSite
from tests.services.slurm.cluster import SlurmCluster

pytestmark = pytest.mark.slurm


def found(site: SlurmSite, accounts: Sequence[str] = (), **settings: Any) -> list[Finding]:
    engine = site.open(**settings)
    assert isinstance(engine, ChecksItself)
    return list(engine.check(accounts))


def to_mend(findings: list[Finding]) -> list[str]:
    return [finding.words for finding in findings if finding.verdict == "fix"]


@pytest.fixture
def site(slurm_mini: SlurmCluster, tmp_path: Path) -> SlurmSite:
    return SlurmSite(slurm_mini, tmp_path)


def test_a_site_that_is_ready_has_nothing_to_mend_and_no_job_of_it(site: SlurmSite) -> None:
    told = found(site, ["nobody"])
    assert to_mend(told) == []
    assert {"nobody may submit to gpu", "nobody may submit to cpu"} <= {one.words for one in told}
    assert "cluster alpha" in told[0].words
    assert any(one.subject == "accounting" and one.verdict == "warn" for one in told)
    assert not any("reservations" in one.words for one in told)
    assert site.cluster.command("squeue", "--noheader").strip() == ""


def test_a_site_whose_slurm_counts_no_gpus_is_told_what_is_charged_and_what_to_add(
    site: SlurmSite, slurm_full: SlurmCluster, tmp_path: Path
) -> None:
    words = "Slurm does not count gpu here: a run is charged for as many as it asks for"
    (told,) = [one for one in found(site) if one.words == words]
    assert (told.verdict, told.remedy) == ("warn", "add gres/gpu to AccountingStorageTRES in slurm.conf")
    assert words not in [one.words for one in found(SlurmSite(slurm_full, tmp_path / "counting"))]


def test_a_slurm_that_hides_its_reservations_is_told_since_maintenance_would_be_hidden_too(
    make_slurm: Callable[..., SlurmCluster], tmp_path: Path
) -> None:
    hiding = make_slurm(name="gamma", nodes=1, extra_conf="PrivateData=reservations")
    (told,) = [one for one in found(SlurmSite(hiding, tmp_path)) if "reservations" in one.words]
    assert (told.verdict, told.remedy) == ("warn", "take `reservations` out of PrivateData in slurm.conf")


def test_a_partition_that_slurm_has_not_is_named_with_those_it_has(site: SlurmSite) -> None:
    told = found(site, partitions=[{"name": "big", "slurm": "nowhere"}])
    words = "big: Slurm has no partition nowhere with nodes that we may see"
    assert words in to_mend(told)
    assert any(one.words == words and "gpu" in one.remedy for one in told)


def test_devices_that_no_node_of_the_partition_has_are_named_with_those_it_has(site: SlurmSite) -> None:
    told = found(site, partitions=[{"name": "gpu", "resource_class": "gpu.a100", "gres_type": "a100"}])
    (finding,) = [one for one in told if one.verdict == "fix"]
    assert finding.words == "gpu: no node of gpu has gpu:a100"
    assert finding.remedy == "correct `gres` or `gres_type`; there are: gpu:h100"


@pytest.mark.parametrize("quirk", [{"constraint": "not-a-feature"}, {"options": ["--reservation=none-such"]}])
def test_a_quirk_that_slurm_does_not_take_is_told_in_its_words(site: SlurmSite, quirk: dict[str, Any]) -> None:
    (words,) = to_mend(found(site, partitions=[{"name": "gpu"} | quirk]))
    assert words.startswith("this account may not submit to gpu: ")


def test_apptainer_is_told_with_its_version_and_missed_where_the_settings_promise_images(
    site: SlurmSite, tmp_path: Path
) -> None:
    program = tmp_path / "apptainer"
    program.write_text("#!/bin/sh\necho apptainer version 1.4.5\n")
    program.chmod(0o755)
    told = [one.words for one in found(site, apptainer=str(program)) if one.subject == "images"]
    assert told == ["Apptainer 1.4.5 runs images"]
    gone: dict[str, Any] = {"apptainer": "/nowhere/apptainer", "partitions": [{"name": "gpu", "containers": True}]}
    (warning,) = [one for one in found(site, **gone) if one.subject == "images"]
    assert (warning.verdict, "/nowhere/apptainer" in warning.words) == ("warn", True)
    assert [one for one in found(site, apptainer="/nowhere/apptainer") if one.subject == "images"] == []


def test_an_account_that_is_not_there_is_told(site: SlurmSite) -> None:
    (words,) = to_mend(found(site, ["not-here-at-all"]))
    assert "no account 'not-here-at-all'" in words


def test_a_slurm_that_does_not_answer_is_told_with_where_to_look(site: SlurmSite) -> None:
    (finding,) = found(site, command_folder="/nowhere")
    assert finding.verdict == "fix"
    assert "munge" in finding.remedy


def test_a_slurm_conf_that_is_not_there_is_told_before_slurm_is_waited_for(site: SlurmSite) -> None:
    (finding,) = found(site, slurm_conf="/nowhere/slurm.conf")
    assert (finding.verdict, finding.words) == ("fix", "/nowhere/slurm.conf is not there, or we may not read it")
