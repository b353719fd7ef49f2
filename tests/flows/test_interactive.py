"""A person works in a run at a real terminal, through server and agent: leaves, comes back, is cut off, ends it."""

from collections.abc import Iterator

import pytest

from fabrica.sdk import runs
from fabrica.values.ids import RunId
from fabrica.values.states import RunState
from fabrica.wire.runs import Run
from tests.flows.home import wait_until
from tests.flows.network import Network, check_books, make_template
from tests.flows.terminal import Opens, terminals

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    template = make_template(tmp_path_factory.mktemp("template") / "home")
    made = Network(template, tmp_path_factory.mktemp("network") / "home")
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def opens(network: Network) -> Iterator[Opens]:
    """Return what starts a command of the person's at a terminal."""
    network.make_whole()
    with terminals(network) as start:
        yield start


def _newest(network: Network) -> RunId:
    return runs.runs(network.client, limit=1).runs[0].id


def _ended(network: Network, run: RunId) -> Run:
    wait_until(lambda: runs.run(network.client, run).state.final, f"{run} ends")
    return runs.run(network.client, run)


def test_a_shell_is_a_run_that_is_charged_and_whose_content_nobody_keeps(network: Network, opens: Opens) -> None:
    terminal = opens("shell", "--time-limit", "5 min")
    terminal.wait_for("Attached.")
    terminal.type("stty size; echo pass''word; exit\r")
    terminal.wait_for("33 101")
    terminal.wait_for("password")
    terminal.wait_for("its devices are free")
    assert terminal.end() == 0
    run = _newest(network)
    ended = _ended(network, run)
    assert (ended.state, ended.charged_milliseconds > 0) == (RunState.SUCCEEDED, True)
    check_books(network, run)
    kinds = wait_until(
        lambda: "attachments.detached" in (seen := _sealed(network, run)) and seen, "the session is sealed"
    )
    assert kinds.count("attachments.attached") == 1
    log = runs.log(network.client, run).text
    assert "what is typed and shown is not kept" in log
    assert not any("password" in said for said in (log, network.said("serve"), network.said("agent")))


def _sealed(network: Network, run: RunId) -> list[str]:
    return [one.fact_kind for one in runs.evidence(network.client, run)]


def test_who_leaves_comes_back_to_the_same_shell_and_a_newer_attachment_ends_the_older(
    network: Network, opens: Opens
) -> None:
    terminal = opens("shell")
    terminal.wait_for("Attached.")
    terminal.type("mine=42; echo rea''dy\r")
    terminal.wait_for("ready")
    terminal.type("\x1d")  # Ctrl-]
    terminal.wait_for("fabrica attach")
    assert terminal.end() == 0
    run = _newest(network)
    assert runs.run(network.client, run).state is RunState.RUNNING

    second = opens("attach", run)
    second.wait_for("Attached.")
    second.type("echo is-$mine\r")
    second.wait_for("is-42")
    third = opens("attach", run)
    third.wait_for("Attached.")
    second.wait_for("You have left")
    third.type("echo still-$mine; exit\r")
    third.wait_for("still-42")
    third.wait_for("its devices are free")
    assert _ended(network, run).state is RunState.SUCCEEDED


@pytest.mark.parametrize("name", ["serve", "agent"])
def test_a_shell_outlives_a_killed_server_and_a_killed_agent(network: Network, opens: Opens, name: str) -> None:
    terminal = opens("shell")
    terminal.wait_for("Attached.")
    terminal.type("mine=42; echo rea''dy\r")
    terminal.wait_for("ready")
    run = _newest(network)
    network.kill(name)
    network.make_whole()
    if name == "serve":
        terminal.wait_for("fabrica attach")  # it is told that the attachment is over, and what to do
    again = opens("attach", run)
    again.wait_for("Attached.")
    again.type("echo is-$mine; exit\r")
    again.wait_for("is-42")
    again.wait_for("its devices are free")
    assert _ended(network, run).state is RunState.SUCCEEDED


def test_a_person_whose_terminal_vanishes_leaves_a_run_that_a_cancel_ends_at_once(
    network: Network, opens: Opens
) -> None:
    terminal = opens("shell")
    terminal.wait_for("Attached.")
    terminal.kill()
    run = _newest(network)
    assert runs.run(network.client, run).state is RunState.RUNNING
    runs.cancel(network.client, run)
    assert _ended(network, run).reason == "cancelled_by_user"


def test_a_shell_that_is_waited_for_is_given_up_with_ctrl_c(network: Network, opens: Opens) -> None:
    network.kill("work")  # nobody places it
    terminal = opens("shell")
    terminal.wait_for("[submitted]")
    terminal.type("\x03")
    terminal.wait_for("Given up")
    assert terminal.end() == 130
    assert _ended(network, _newest(network)).state is RunState.CANCELLED
