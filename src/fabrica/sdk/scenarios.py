"""Saved scenarios: save one, look how far it is, fetch what came out."""

from fabrica.sdk.client import Client
from fabrica.sdk.typed import typed
from fabrica.values.ids import ScenarioId
from fabrica.wire.scenarios import NewScenario, Scenario, ScenarioDetail, ScenarioLink, ScenarioName, ScenarioSharing


def scenarios(client: Client) -> tuple[Scenario, ...]:
    """Return the newest scenarios that the caller may read."""
    return client.get_list("/plan/scenarios", Scenario)


def scenario(client: Client, scenario: ScenarioId) -> ScenarioDetail:
    """Return one scenario with its text and, once it is done, its result.

    Raises:
        NotFound: there is none, or the caller may not read it.
    """
    return client.get(f"/plan/scenarios/{scenario}", ScenarioDetail)


def save(client: Client, scenario: NewScenario, *, idempotency_key: str | None = None) -> ScenarioId:
    """Save a scenario; the server runs it in the background.

    Raises:
        ScenarioRefused, CandidatesRefused: it cannot be run.
        TooManyScenarios: others of the caller wait or run.
    """
    answer = client.post("/plan/scenarios", scenario, idempotency_key=idempotency_key)
    return ScenarioId.parse(answer["scenario"])


def cancel(client: Client, scenario: ScenarioId) -> None:
    """Cancel a scenario that waits or runs.

    Raises:
        ScenarioNotReady: it has ended.
        NotAllowed: the caller is neither its author nor an operator.
    """
    client.post(f"/plan/scenarios/{scenario}/cancel")


def rename(client: Client, scenario: ScenarioId, name: str) -> None:
    """Call a scenario something else.

    Raises:
        NotAllowed: the caller is not its author.
        ScenarioRefused: nothing is left of the name.
    """
    client.post(f"/plan/scenarios/{scenario}/name", typed(ScenarioName, name=name))


def share(client: Client, scenario: ScenarioId, sharing: ScenarioSharing) -> None:
    """Say who reads a scenario beside its author.

    Raises:
        NotAllowed: the caller is not its author, or does not work in the project.
    """
    client.post(f"/plan/scenarios/{scenario}/sharing", sharing)


def draw_link(client: Client, scenario: ScenarioId, *, days: int = 14) -> ScenarioLink:
    """Draw a link at which anybody reads a scenario for some days.

    Raises:
        NotAllowed: the caller is not its author.
        ScenarioRefused: a link cannot hold so long.
    """
    return ScenarioLink.model_validate(client.post(f"/plan/scenarios/{scenario}/links?days={days}"))


def withdraw_links(client: Client, scenario: ScenarioId) -> None:
    """Let every link to a scenario lead nowhere.

    Raises:
        NotAllowed: the caller is not its author.
    """
    client.delete(f"/plan/scenarios/{scenario}/links")


def delete(client: Client, scenario: ScenarioId) -> None:
    """Delete a scenario with its result.

    Raises:
        NotAllowed: the caller is not its author.
    """
    client.delete(f"/plan/scenarios/{scenario}")
