"""The dry run: each thing that is wrong is found, named and told how to mend."""

import socket
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fabrica.agent import check as checks
from fabrica.agent.keys import KeyFile
from fabrica.engines.contract import Finding
from fabrica.wire import signatures
from fabrica.wire.agents import Inventory, PartitionInventory
from tests.agent.builders import MemoryEngine, MemoryServer
from tests.agent.http_server import IDENTITY, served


class CheckedEngine(MemoryEngine):
    """An engine with partitions that looks at accounts."""

    resource_class = "gpu.h100"
    nodes = 2

    def capacity(self) -> Inventory:
        partition = PartitionInventory(
            name="gpu", resource_class=self.resource_class, nodes=self.nodes, devices_per_node=4,
            devices_total=4 * self.nodes, devices_free=0,
        )  # fmt: skip
        return Inventory(engine="local", engine_version="1", partitions=(partition,), taken_at=datetime.now(UTC))

    def check(self, accounts: Sequence[str]) -> Iterator[Finding]:
        yield Finding("sudo", "ok", f"runs can start as {', '.join(accounts)}")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Yield the agent.toml of a site where all is well."""
    monkeypatch.setattr("fabrica.agent.check.open_engine", lambda *_, **__: CheckedEngine())
    KeyFile(tmp_path / "agent.key").write(IDENTITY)
    with served(MemoryServer()) as address:
        (tmp_path / "agent.toml").write_text(
            f'server = "{address}"\nkey_file = "{tmp_path}/agent.key"\nfolder = "{tmp_path}/agent"\n'
        )
        yield tmp_path / "agent.toml"


def found(path: Path) -> dict[str, Finding]:
    """Return the worst finding of each subject."""
    worst: dict[str, Finding] = {}
    for one in checks.check(path):
        order = ("ok", "warn", "fix")
        if one.subject not in worst or order.index(one.verdict) > order.index(worst[one.subject].verdict):
            worst[one.subject] = one
    return worst


def changed(path: Path, **settings: str) -> Path:
    """Set keys of an agent.toml, as they stand there."""
    lines = [line for line in path.read_text().splitlines() if line.partition(" = ")[0] not in settings]
    path.write_text("\n".join([*(f"{key} = {value}" for key, value in settings.items()), *lines]) + "\n")
    return path


def test_where_all_is_well_nothing_is_to_mend(site: Path) -> None:
    told = found(site)
    assert {one.subject: one for one in told.values() if one.verdict == "fix"} == {}
    ready = {"settings", "folder", "key", "server", "token", "clock", "site", "engine", "partitions", "sudo", "python"}
    assert ready | {"outbound", "accounts", "disk", "user"} <= set(told)
    assert not (site.parent / "agent").exists()  # a dry run makes nothing


def test_a_mistake_in_the_settings_ends_the_check(site: Path) -> None:
    site.write_text("foldr = 1\n")
    (only,) = checks.check(site)
    assert (only.subject, only.verdict) == ("settings", "fix")
    assert "'foldr' is not a known key" in only.words


@pytest.mark.parametrize(("mode", "verdict"), [(0o700, "ok"), (0o750, "ok"), (0o770, "fix"), (0o777, "fix")])
def test_a_folder_that_others_write_is_to_mend(site: Path, mode: int, verdict: str) -> None:
    folder = site.parent / "agent"
    folder.mkdir()
    folder.chmod(mode)
    assert found(site)["folder"].verdict == verdict


def test_a_folder_that_cannot_be_is_to_mend(site: Path) -> None:
    (site.parent / "file").touch()
    told = found(changed(site, folder=f'"{site.parent}/file/agent"'))["folder"]
    assert (told.verdict, "cannot be written" in told.words) == ("fix", True)


def test_a_disk_that_is_full_is_to_mend(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for free, verdict in ((2**20, "fix"), (5 * 2**30, "warn"), (2**40, "ok")):
        usage = type("usage", (), {"free": free})
        monkeypatch.setattr("fabrica.agent.check.shutil.disk_usage", lambda _, usage=usage: usage)
        assert found(site)["disk"].verdict == verdict


def test_a_key_open_to_others_is_to_mend_and_the_server_is_not_asked(site: Path) -> None:
    (site.parent / "agent.key").chmod(0o644)
    told = found(site)
    assert (told["key"].verdict, told["key"].remedy.startswith("Run: chmod 600")) == ("fix", True)
    assert "token" not in told


def test_an_unfinished_change_of_the_key_is_told(site: Path) -> None:
    KeyFile(site.parent / "agent.key").next.write(IDENTITY)
    assert found(site)["key"].verdict == "warn"


def test_no_server_is_to_mend_with_the_cause(site: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    told = found(changed(site, server=f'"http://127.0.0.1:{port}"'))["server"]
    assert (told.verdict, told.remedy) == (
        "fix",
        "Nothing listens there: look at the port in the server's address, and whether the server runs.",
    )


def test_a_server_that_is_not_encrypted_is_to_mend() -> None:
    (told,) = checks._way_to("http://fabrica.example.eu")
    assert (told.verdict, "https://" in told.remedy) == ("fix", True)
    assert list(checks._way_to("http://127.0.0.1:8400")) == []


def test_a_proxy_is_told_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://ada:secret@proxy.example.eu:3128")
    (told,) = checks._way_to("https://fabrica.example.eu")
    assert "secret" not in told.words
    assert "proxy.example.eu:3128" in told.words


def test_another_server_than_the_one_enrolled_with_is_to_mend(site: Path) -> None:
    other = signatures.public_key_of(signatures.new_private_key())
    KeyFile(site.parent / "agent.key").write(IDENTITY.model_copy(update={"server_key": other}))
    told = found(site)["server"]
    assert (told.verdict, "is not the server's" in told.words) == ("fix", True)


@pytest.mark.parametrize(("seconds", "verdict"), [(0, "ok"), (4, "ok"), (-4, "ok"), (3600, "warn"), (-3600, "warn")])
def test_a_clock_that_is_off_is_told(seconds: float, verdict: str) -> None:
    (told,) = checks._clock(seconds)
    assert told.verdict == verdict
    assert ("behind" if seconds > 0 else "ahead") in told.words


def test_an_engine_that_does_not_open_is_to_mend(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> MemoryEngine:
        raise ValueError("no sbatch on PATH")

    monkeypatch.setattr("fabrica.agent.check.open_engine", broken)
    told = found(site)
    assert (told["engine"].verdict, "no sbatch on PATH" in told["engine"].words) == ("fix", True)
    assert told["python"].verdict == "ok"  # the rest is looked at all the same


@pytest.mark.parametrize(
    ("change", "verdict"), [({"resource_class": "gpu.unheard-of"}, "fix"), ({"nodes": 0}, "warn"), ({}, "ok")]
)
def test_partitions_are_of_known_resource_classes(
    site: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], verdict: str
) -> None:
    for name, value in change.items():
        monkeypatch.setattr(CheckedEngine, name, value)
    assert found(site)["partitions"].verdict == verdict


@pytest.mark.parametrize(
    ("table", "verdict", "words"),
    [
        ({"ada@example.eu": "nobody"}, "ok", "ada@example.eu is nobody"),
        ({"ada@example.eu": "not-here-at-all"}, "fix", "there is no account not-here-at-all"),
        ({"ada@example.eu": "nobody", "eve@example.eu": "nobody"}, "warn", "named more than once"),
        ({}, "warn", "nobody has an account here yet"),
    ],
)
def test_the_mapping_names_accounts_that_are_there(site: Path, table: dict[str, str], verdict: str, words: str) -> None:
    changed(site, engine='"slurm"')
    site.write_text(site.read_text() + "[site_accounts]\n" + "".join(f'"{k}" = "{v}"\n' for k, v in table.items()))
    told = found(site)
    assert told["accounts"].verdict == verdict
    assert words in told["accounts"].words
    assert told["sudo"].words == f"runs can start as {', '.join(sorted(set(table.values())))}"


def test_the_superuser_is_no_account_for_runs() -> None:
    assert checks._account("ada@example.eu", "root", False).verdict == "fix"


def test_a_process_that_listens_is_found() -> None:
    before = checks._outbound_only()
    with socket.create_server(("127.0.0.1", 0)):
        assert checks._outbound_only().verdict == "warn"
    assert before.verdict == "ok"
