"""Commands inside images: nothing of the site is inside but the attempt's folder, and nothing of it leaks in."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.engines import containers
from fabrica.engines.contract import StartOrder, StartRefused
from fabrica.values.states import EndReason
from tests.engines.slurm.bench import SlurmSite
from tests.services.apptainer import Apptainer
from tests.services.slurm.cluster import SlurmCluster

_NOBODY = 65534
_CONTAINER = containers.container_of("/image.sif", "apptainer", "cpu")


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("apptainer version 1.4.5\n", "1.4.5"),
        ("apptainer version 1.3.0-rc.2+12-gabc", "1.3.0-rc.2+12-gabc"),
        ("apptainer version 1.0.3", None),
        ("singularity-ce version 4.1.5", None),
        ("", None),
    ],
)
def test_only_an_apptainer_that_needs_no_root_counts(said: str, version: str | None) -> None:
    assert containers.read_version(said) == version


def test_a_machine_without_apptainer_says_so(tmp_path: Path) -> None:
    assert containers.version_of("apptainer", path=str(tmp_path)) is None


@pytest.mark.parametrize(
    ("stack", "option"), [("cuda-x86", "--nv"), ("cuda-arm", "--nv"), ("rocm", "--rocm"), ("cpu", None), (None, None)]
)
def test_accelerators_are_reached_by_the_way_of_their_maker(stack: str | None, option: str | None) -> None:
    command = containers.command_inside(containers.container_of("/i.sif", "apptainer", stack), "/a", ["true"], {})
    assert [one for one in command if one in ("--nv", "--rocm")] == ([option] if option else [])


@given(st.dictionaries(st.sampled_from(["PATH", "HOME", "LD_PRELOAD", "FABRICA_RUN", "SLURM_JOB_ID"]), st.text()))
def test_the_sites_own_paths_stay_outside_and_all_else_goes_in(variables: dict[str, str]) -> None:
    found = containers.variables_inside("/a", variables)
    inside = {name.removeprefix("APPTAINERENV_") for name in found if name.startswith("APPTAINERENV_")}
    assert inside == set(variables) - {"PATH", "HOME", "LD_PRELOAD"}


@given(st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=5))
def test_the_runs_own_words_come_last_and_whole(words: list[str]) -> None:
    command = containers.command_inside(_CONTAINER, "/a", words, {})
    assert command[-len(words) - 1 :] == ["/image.sif", *words]
    assert "SECRET" not in " ".join(containers.command_inside(_CONTAINER, "/a", ["true"], {"TOKEN": "SECRET"}))


@pytest.fixture
def folder() -> Iterator[Path]:
    """Return an attempt's folder that an ordinary user owns; root itself may not be able to mount images here."""
    place = Path(tempfile.mkdtemp(prefix="fabrica-image-"))
    place.chmod(0o755)
    for part in ("work", "data", "record", "tmp"):
        (place / part).mkdir()
        if os.geteuid() == 0:
            os.chown(place / part, _NOBODY, _NOBODY)
    yield place
    shutil.rmtree(place)


@pytest.mark.processes
def test_inside_a_real_image_there_is_the_attempts_folder_and_nothing_else(
    real_apptainer: Apptainer, folder: Path
) -> None:
    (folder / "data" / "numbers").write_text("42")
    container = containers.container_of(str(real_apptainer.image), str(real_apptainer.program), "cpu")
    variables = {"PATH": "/usr/bin:/bin", "FABRICA_RUN": "a b,c=$(id)", "HOME": "/root"}
    script = (
        "cat /etc/os-release; pwd; cat ../data/numbers; echo; touch made; touch ../data/changed || echo kept; "
        'echo "$FABRICA_RUN"; echo "$HOME"; ls /work /root; env'
    )
    somebody: dict[str, Any] = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    done = subprocess.run(
        containers.command_inside(container, str(folder), ["sh", "-c", script], variables),
        env=containers.variables_inside(str(folder), variables) | {"LEAKS": "yes"},
        cwd=folder / "work",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **somebody,
    )
    lines = done.stdout.splitlines()
    assert lines[:6] == [
        'NAME="An image of the tests"',
        str(folder / "work"),
        "42",
        "kept",
        "a b,c=$(id)",
        str(folder / "tmp"),
    ], done.stderr
    assert (folder / "work" / "made").exists()
    assert "LEAKS=yes" not in lines
    assert "ls: /work: No such file or directory" in done.stderr


_JOB = "cat /etc/os-release; echo rank $FABRICA_NODE_RANK of $FABRICA_NODES; touch made; ls /usr || echo alone"


@pytest.fixture
def site(slurm_mini: SlurmCluster, real_apptainer: Apptainer, tmp_path: Path) -> SlurmSite:
    made = SlurmSite(slurm_mini, tmp_path, apptainer=str(real_apptainer.program), python="/usr/bin/python3")
    tmp_path.chmod(0o700)
    return made


def _order(site: SlurmSite, image: Path, *, nodes: int = 1) -> StartOrder:
    somebody = "nobody" if os.geteuid() == 0 else None  # root itself may not be able to mount images here
    return replace(site.order("sh", "-c", _JOB, site_account=somebody, nodes=nodes), image=image)


@pytest.mark.slurm
@pytest.mark.parametrize("nodes", [1, 2])
def test_a_job_runs_inside_the_image_on_each_of_its_nodes(
    site: SlurmSite, real_apptainer: Apptainer, nodes: int
) -> None:
    engine = site.open()
    order = _order(site, real_apptainer.image, nodes=nodes)
    handle = engine.start(order)
    seen = site.wait_for(engine, handle, "ended")
    log = (order.folder / "log").read_text()
    assert seen.reason == EndReason.COMPLETED, (seen, log)
    assert log.count('NAME="An image of the tests"') == nodes, log
    assert log.count("alone") == nodes
    assert {f"rank {rank} of {nodes}" for rank in range(nodes)} <= set(log.splitlines())
    assert (order.folder / "work" / "made").exists()


@pytest.mark.slurm
def test_the_site_tells_of_the_apptainer_that_it_has(site: SlurmSite, real_apptainer: Apptainer) -> None:
    told = site.open().capacity().partitions
    assert {(one.containers, one.apptainer) for one in told} == {(True, real_apptainer.version)}


@pytest.mark.slurm
def test_a_site_without_apptainer_does_not_know_whether_its_nodes_have_it(site: SlurmSite) -> None:
    told = site.open(apptainer="/nowhere/apptainer").capacity().partitions
    assert {(one.containers, one.apptainer) for one in told} == {(None, None)}


@pytest.mark.slurm
def test_a_partition_without_apptainer_is_declined(site: SlurmSite, real_apptainer: Apptainer) -> None:
    site.settings["partitions"] = [{"name": "cpu", "slurm": "gpu", "containers": False}]
    with pytest.raises(StartRefused, match="Apptainer"):
        site.open().start(_order(site, real_apptainer.image))


@pytest.mark.slurm
def test_a_node_without_apptainer_is_the_sites_fault(site: SlurmSite, real_apptainer: Apptainer) -> None:
    engine = site.open(apptainer="/nowhere/apptainer")
    handle = engine.start(_order(site, real_apptainer.image))
    seen = site.wait_for(engine, handle, "ended")
    assert (seen.reason, "/nowhere/apptainer" in seen.words) == (EndReason.ENGINE_ERROR, True)
