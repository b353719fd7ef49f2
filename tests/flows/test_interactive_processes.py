"""Two processes of one server: whichever of them a person and a site ask, they meet in the same shell."""

from collections.abc import Iterator
from contextlib import suppress

import psycopg
import pytest

from fabrica.attachments import frames
from fabrica.sdk import attachments, people, runs
from fabrica.sdk.attachments import Attached
from fabrica.sdk.client import Client
from fabrica.values.ids import RunId
from fabrica.values.states import RunState
from fabrica.wire.attachments import AttachmentGone
from fabrica.wire.problems import FabricaError
from tests.flows.home import Home, wait_until
from tests.flows.network import Network, free_port
from tests.flows.terminal import Terminal

pytestmark = pytest.mark.processes


class SharedHome(Home):
    """A home whose tables are in PostgreSQL, so that several processes may serve them."""

    database = ""

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | {"FABRICA_DATABASE_URL": self.database}


class TwoServers(Network):
    """A network whose site asks one process of the server, and whose person may ask another."""

    def start_another(self) -> None:
        port = free_port()
        self.start_program("another", "-m", "fabrica.cli.main", "serve", "--port", str(port))
        self.another = Client(f"http://127.0.0.1:{port}", (self.home.folder / "token").read_text().strip())
        wait_until(self.another_answers, "the other process answers")

    def another_answers(self) -> bool:
        with suppress(FabricaError):
            people.me(self.another)
            return True
        return False

    def terminal(self, *arguments: str) -> Terminal:
        """Start a command of the person's at a terminal; it asks the other process."""
        known = {"FABRICA_SERVER": self.another.server, "FABRICA_TOKEN_FILE": str(self.home.folder / "token")}
        return Terminal(self.home.environment | known, *arguments)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory, postgresql_url: str) -> Iterator[TwoServers]:
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE two_processes")
    database = postgresql_url.rpartition("/")[0] + "/two_processes"
    template = SharedHome(tmp_path_factory.mktemp("template") / "home")
    template.database = database
    template.json("up")
    template.fabrica("down")
    made = TwoServers(template, tmp_path_factory.mktemp("network") / "home")
    made.home = SharedHome(made.home.folder)
    made.home.database = database
    try:
        made.make_whole()
        made.start_another()
        yield made
    finally:
        made.close()


def _shell(network: TwoServers) -> RunId:
    """Start a shell through the other process, use it, and leave it."""
    terminal = network.terminal("shell", "--time-limit", "5 min")
    try:
        terminal.wait_for("Attached.")
        terminal.type("mine=42; echo rea''dy\r")
        terminal.wait_for("ready")
        terminal.type("\x1d")  # Ctrl-]
        terminal.wait_for("fabrica attach")
        assert terminal.end() == 0
    finally:
        terminal.kill()
    return runs.runs(network.client, limit=1).runs[0].id


def _shown(attached: Attached, typed: bytes) -> bytes:
    """Type something once the shell answers, and return what it showed until its end."""
    shown = b""
    for frame in attached.frames():
        if frame.kind == frames.START:
            attached.send(frames.data(0, typed))
        elif frame.kind == frames.DATA:
            shown += frame.payload
        elif frame.kind == frames.EXIT:
            break
    return shown


def test_a_person_and_a_site_that_ask_different_processes_share_a_shell(network: TwoServers) -> None:
    run = _shell(network)
    held_by_another = attachments.attach(network.another, run).attachment
    shown = _shown(Attached(network.client, held_by_another), b"echo is-$mine; exit\r")  # both ends are passed on
    assert b"is-42" in shown
    assert network.settled(run).state is RunState.SUCCEEDED


def test_when_the_process_that_holds_it_dies_the_person_is_told_and_attaches_anew_at_the_other(
    network: TwoServers,
) -> None:
    run = _shell(network)
    held_by_another = attachments.attach(network.another, run).attachment
    network.kill("another")
    with pytest.raises(AttachmentGone):
        _shown(Attached(network.client, held_by_another), b"")
    again = attachments.attach(network.client, run)
    assert b"is-42" in _shown(again, b"echo is-$mine; exit\r")
    assert network.settled(run).state is RunState.SUCCEEDED
    network.start_another()
