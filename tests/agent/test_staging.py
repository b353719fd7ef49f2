"""Staging: what the run finds is what its order names, checked, and made once."""

import os
import platform
import subprocess
import threading
import zipfile
from pathlib import Path
from typing import Any

import pytest

from fabrica.agent import sources
from fabrica.agent.failures import AttemptFailed
from fabrica.agent.folders import SiteFolder
from fabrica.agent.staging import Stage
from fabrica.values.states import EndReason
from fabrica.wire.agents import WorkOrder
from fabrica.wire.environments import Environment
from fabrica.wire.runs import Dataset, Resources
from tests.agent.builders import MemoryServer, make_bundle, make_order, make_settings, sha256

CONTENT = b"hour,rentals\n0,16\n"


def _stage(tmp_path: Path, server: MemoryServer | None = None, **settings: Any) -> Stage:
    site = SiteFolder(tmp_path / "agent")
    site.prepare()
    return Stage(site, make_settings(tmp_path, **settings), server or MemoryServer(), interrupted=lambda: False)


def _order_with_data(tmp_path: Path, **changes: Any) -> WorkOrder:
    shared = tmp_path / "shared"
    shared.mkdir(exist_ok=True)
    (shared / "bikes.csv").write_bytes(CONTENT)
    defaults = {"name": "bikes", "source": f"file:{shared}/bikes.csv", "file": "bikes.csv", "sha256": sha256(CONTENT)}
    return make_order(datasets=(Dataset(**defaults | changes),))


def test_source_and_data_are_there_and_the_data_is_read_only(tmp_path: Path) -> None:
    stage = _stage(tmp_path, file_sources=(tmp_path / "shared",))
    order = _order_with_data(tmp_path)
    variables = stage.prepare(order).variables
    folder = stage.site.attempt(order.attempt)
    assert (folder.work / "train.py").read_text() == "print('hello')\n"
    data = Path(variables["FABRICA_DATA"]) / "bikes" / "bikes.csv"
    assert data.read_bytes() == CONTENT
    assert not data.stat().st_mode & 0o222


def test_data_that_a_run_changed_does_not_reach_the_next_run(tmp_path: Path) -> None:
    stage = _stage(tmp_path, file_sources=(tmp_path / "shared",))
    first, second = _order_with_data(tmp_path), _order_with_data(tmp_path)
    stage.prepare(first)
    harmed = stage.site.attempt(first.attempt).data / "bikes" / "bikes.csv"
    harmed.chmod(0o644)
    harmed.write_text("harmed")
    stage.prepare(second)
    assert (stage.site.attempt(second.attempt).data / "bikes" / "bikes.csv").read_bytes() == CONTENT


def test_a_harmed_cache_is_fetched_anew(tmp_path: Path) -> None:
    stage = _stage(tmp_path, file_sources=(tmp_path / "shared",))
    stage.prepare(_order_with_data(tmp_path))
    cached = stage.site.cache / sha256(CONTENT)
    cached.chmod(0o644)
    cached.write_text("harmed")
    order = _order_with_data(tmp_path)
    stage.prepare(order)
    assert (stage.site.attempt(order.attempt).data / "bikes" / "bikes.csv").read_bytes() == CONTENT


def test_two_attempts_that_stage_the_same_data_at_once_fetch_it_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = _stage(tmp_path, file_sources=(tmp_path / "shared",))
    orders = [_order_with_data(tmp_path) for _ in range(4)]
    fetches = []

    def counted(*values: Any, **named: Any) -> None:
        fetches.append(1)
        sources.fetch(*values, **named)

    monkeypatch.setattr("fabrica.agent.staging.fetch", counted)
    threads = [threading.Thread(target=stage.prepare, args=(order,)) for order in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(fetches) == 1
    for order in orders:
        assert (stage.site.attempt(order.attempt).data / "bikes" / "bikes.csv").read_bytes() == CONTENT


def test_data_with_another_hash_is_a_mismatch_that_names_both(tmp_path: Path) -> None:
    stage = _stage(tmp_path, file_sources=(tmp_path / "shared",))
    with pytest.raises(AttemptFailed, match=sha256(CONTENT)) as failed:
        stage.prepare(_order_with_data(tmp_path, sha256="0" * 64))
    assert failed.value.reason is EndReason.DATA_MISMATCH
    assert not (stage.site.cache / ("0" * 64)).exists()


@pytest.mark.parametrize("name", ["..", "../work", "a/b", "."])
def test_a_dataset_name_that_is_a_path_is_refused(tmp_path: Path, name: str) -> None:
    stage = _stage(tmp_path, file_sources=(tmp_path / "shared",))
    with pytest.raises(AttemptFailed) as failed:
        stage.prepare(_order_with_data(tmp_path, name=name))
    assert failed.value.reason is EndReason.DATA_UNAVAILABLE


def test_staging_again_begins_from_nothing_but_keeps_the_log(tmp_path: Path) -> None:
    stage = _stage(tmp_path)
    order = make_order()
    stage.prepare(order)
    folder = stage.site.attempt(order.attempt)
    (folder.work / "left-over").touch()
    folder.say("a first try")
    stage.prepare(order)
    assert not (folder.work / "left-over").exists()
    assert "a first try" in folder.log.read_text()


@pytest.mark.processes
def test_the_environment_of_a_lock_is_built_once_and_shared(tmp_path: Path) -> None:
    bundle = make_bundle({"requirements.lock": "# no packages\n", "train.py": ""})
    stage = _stage(tmp_path, MemoryServer(bundles={sha256(bundle): bundle}))
    changes: dict[str, Any] = {"bundle_sha256": sha256(bundle), "environment": Environment(lock="requirements.lock")}
    first = stage.prepare(make_order(**changes)).variables
    made = (Path(first["VIRTUAL_ENV"]) / "pyvenv.cfg").stat().st_mtime_ns
    second = stage.prepare(make_order(**changes)).variables
    assert first["VIRTUAL_ENV"] == second["VIRTUAL_ENV"]
    assert (Path(second["VIRTUAL_ENV"]) / "pyvenv.cfg").stat().st_mtime_ns == made


@pytest.mark.processes
def test_a_lock_that_cannot_be_installed_says_why_and_leaves_nothing(tmp_path: Path) -> None:
    bundle = make_bundle({"requirements.lock": "./no-such-package-here\n"})
    stage = _stage(tmp_path, MemoryServer(bundles={sha256(bundle): bundle}))
    with pytest.raises(AttemptFailed, match="no-such-package-here") as failed:
        stage.prepare(make_order(bundle_sha256=sha256(bundle), environment=Environment(lock="requirements.lock")))
    assert failed.value.reason is EndReason.ENVIRONMENT_FAILED
    assert not list(stage.site.environments.glob("*.built-*"))


@pytest.mark.parametrize("lock", ["missing.lock", "../../../../etc/hostname", "/etc/hostname"])
def test_a_lock_outside_the_source_is_refused(tmp_path: Path, lock: str) -> None:
    with pytest.raises(AttemptFailed) as failed:
        _stage(tmp_path).prepare(make_order(environment=Environment(lock=lock)))
    assert failed.value.reason is EndReason.ENVIRONMENT_FAILED


def test_a_plain_environment_has_the_in_run_api_and_no_package_of_the_agent(tmp_path: Path) -> None:
    variables = _stage(tmp_path).prepare(make_order()).variables
    python = Path(variables["VIRTUAL_ENV"]) / "bin" / "python"
    program = "import fabrica.run, importlib.util as u; print(u.find_spec('httpx'), u.find_spec('fabrica.agent'))"
    said = subprocess.run([python, "-c", program], env=variables, capture_output=True, text=True, check=True).stdout
    assert said == "None None\n"


def test_other_accounts_may_use_what_an_agent_with_a_private_umask_made(tmp_path: Path) -> None:
    stage = _stage(tmp_path)
    before = os.umask(0o077)
    try:
        variables = stage.prepare(make_order()).variables
    finally:
        os.umask(before)
    for place in (variables["VIRTUAL_ENV"], variables["PYTHONPATH"]):
        top = Path(place).resolve()
        found = [
            top,
            *(one for one in top.rglob("*") if one.is_dir() or one.suffix == ".py" or one.parent.name == "bin"),
        ]
        assert [one for one in found if not one.stat().st_mode & (0o001 if one.is_dir() else 0o004)] == []


def test_threads_are_as_many_as_the_cores_that_are_held(tmp_path: Path) -> None:
    variables = _stage(tmp_path).prepare(make_order(resources=Resources(devices=3))).variables
    assert variables["OMP_NUM_THREADS"] == "3"


def test_a_simulated_site_fetches_and_builds_nothing(tmp_path: Path) -> None:
    stage = _stage(tmp_path, MemoryServer(away=True), engine="simulated")
    order = _order_with_data(tmp_path, source="file:/nowhere")
    staged = stage.prepare(order)
    assert staged.variables == {}
    folder = stage.site.attempt(order.attempt)
    assert folder.record.is_dir()
    assert "simulated" in folder.log.read_text()
    assert not list(stage.site.environments.iterdir())


def _wheel(folder: Path) -> Path:
    """Write the smallest wheel that pip installs."""
    wheel = folder / "rides_kit-1.0-py3-none-any.whl"
    info = "rides_kit-1.0.dist-info"
    files = {
        "rides_kit.py": "",
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: rides_kit\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": f"rides_kit.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n",
    }
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return wheel


@pytest.mark.processes
def test_an_environment_tells_the_packages_that_are_really_in_it(tmp_path: Path) -> None:
    wheel = _wheel(tmp_path)
    bundle = make_bundle({"requirements.lock": f"# made by hand\nrides-kit @ {wheel.as_uri()}\n"})
    stage = _stage(tmp_path, MemoryServer(bundles={sha256(bundle): bundle}))
    order = make_order(bundle_sha256=sha256(bundle), environment=Environment(lock="requirements.lock"))
    environment = stage.prepare(order).environment
    (package,) = environment["packages"]
    assert (package["name"], package["version"]) == ("rides_kit", "1.0")
    assert package["archive_sha256"] == sha256(wheel.read_bytes())
    assert len(package["record_sha256"]) == 64
    assert environment["python"]["version"] == platform.python_version()
    assert environment["machine"]["cores_total"] == os.cpu_count()
    log = stage.site.attempt(order.attempt).log.read_text()
    assert "Installing 1 package of requirements.lock" in log
    assert all(line.startswith("[fabrica]") for line in log.splitlines())  # pip says nothing when all is well


def test_a_site_whose_runs_are_elsewhere_does_not_tell_its_own_machine(tmp_path: Path) -> None:
    assert _stage(tmp_path, engine="slurm", site_accounts={}).prepare(make_order()).environment["machine"] is None
