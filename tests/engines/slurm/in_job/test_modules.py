"""A site's modules, loaded by its own shell function: what they change reaches the run, and a failure says why."""

from pathlib import Path

import pytest

from fabrica.engines.slurm.in_job.modules import NotLoaded, load, merged
from fabrica.values.states import EndReason
from tests.engines.slurm.bench import SlurmSite
from tests.services.slurm.cluster import SlurmCluster

_PROFILE = """
export SITE_SECRET=hidden
module() {
    case "$2" in
        cuda/12) export PATH="/apps/cuda/bin:$PATH" CUDA_HOME=/apps/cuda LINES_OF=$'two\\nlines';;
        quiet) :;;
        *) echo "Lmod has detected the following error: unknown module $2" >&2; return 1;;
    esac
}
"""


@pytest.fixture
def inherited(tmp_path: Path) -> dict[str, str]:
    (tmp_path / ".bash_profile").write_text(_PROFILE)
    return {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "SLURM_JOB_ID": "7"}


def test_what_a_module_changes_and_nothing_else_is_taken_over(inherited: dict[str, str]) -> None:
    before, after = load(["quiet", "cuda/12"], inherited)
    assert set(after) == {"PATH", "CUDA_HOME", "LINES_OF"}
    assert after["PATH"] == f"/apps/cuda/bin:{before['PATH']}"
    assert after["LINES_OF"] == "two\nlines"


def test_a_module_that_is_not_there_is_told_in_the_sites_words(inherited: dict[str, str]) -> None:
    with pytest.raises(NotLoaded, match="unknown module cuda/99"):
        load(["cuda/12", "cuda/99"], inherited)


def test_a_site_without_modules_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotLoaded, match="cuda/12 cannot be loaded"):
        load(["cuda/12"], {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"})


def test_a_name_of_a_module_is_never_a_command(inherited: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(NotLoaded):
        load([f"x; touch {tmp_path}/harmed"], inherited)
    assert not (tmp_path / "harmed").exists()


def test_a_module_stands_behind_the_runs_own_environment_and_before_the_system() -> None:
    own = {"PATH": "/run/venv/bin:/usr/local/bin:/usr/bin", "CUDA_HOME": "/mine"}
    before = {"PATH": "/usr/bin", "CUDA_HOME": "", "LD_LIBRARY_PATH": ""}
    after = {"PATH": "/apps/cuda/bin:/usr/bin", "CUDA_HOME": "/apps/cuda", "LD_LIBRARY_PATH": "/apps/cuda/lib"}
    assert merged(own, before, after) == {
        "PATH": "/run/venv/bin:/apps/cuda/bin:/usr/local/bin:/usr/bin",
        "CUDA_HOME": "/mine",
        "LD_LIBRARY_PATH": "/apps/cuda/lib",
    }


@pytest.mark.slurm
def test_a_run_whose_sites_modules_are_missing_ends_with_words(slurm_mini: SlurmCluster, tmp_path: Path) -> None:
    partition = {"name": "cpu", "slurm": "gpu", "modules": ["no-such-module/1"]}
    site = SlurmSite(slurm_mini, tmp_path, partitions=[partition])
    engine = site.open()
    for nodes in (1, 2):
        seen = site.wait_for(engine, engine.start(site.order("true", nodes=nodes)), "ended")
        assert seen.reason == EndReason.ENGINE_ERROR
        assert "The site's modules no-such-module/1 cannot be loaded" in seen.words
