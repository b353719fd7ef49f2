"""Run one scenario: its calculation goes on between two short transactions, in a process that can be stopped."""

import signal
import time
from typing import Any

from fabrica.server.core.actors import SYSTEM
from fabrica.server.core.claims import claim_renewed
from fabrica.server.planning import queries, rules, service
from fabrica.server.planning.children import ENDED, Child
from fabrica.server.planning.models import Scenario
from fabrica.values.ids import ScenarioId
from fabrica.wire.scenarios import ScenarioStopped

CANCELLED: dict[str, Any] = {}
RENEWED_EVERY_SECONDS = rules.CLAIM_SECONDS / 3


def run(scenario: ScenarioId) -> bool:
    """Run a claimed scenario to its end and keep what came out; return whether it moved."""
    token = Scenario.objects.filter(pk=scenario).values_list("claim_token", flat=True).first()
    asked = service.take_up(SYSTEM, scenario=scenario) if token else None
    if not token or asked is None:
        return bool(token)
    with Child(asked) as child:
        said = _followed(scenario, token, child)
    if said is None:
        return False  # another worker has it now, or it was deleted: what came out counts for nobody
    return service.settle(
        SYSTEM, scenario=scenario, claim_token=token, result=said.get("result"), problem=said.get("problem")
    )


def _followed(scenario: ScenarioId, token: str, child: Child) -> dict[str, Any] | None:
    """Follow a child to its last word; None when the scenario is not ours any more."""
    begun = renewed = time.monotonic()
    while True:
        said = child.said(rules.BEAT_SECONDS)
        now = time.monotonic()
        if said is ENDED:
            return {"problem": _silent_end(child.exit_status())}
        if said is not None and "progress" not in said:
            return said
        if said is not None:
            _note(scenario, token, said)
        if now - begun > rules.WALL_SECONDS_MAX:
            return {"problem": _stopped(f"It took longer than {rules.WALL_SECONDS_MAX // 60} minutes.")}
        state = queries.state_of(scenario)
        if state is None:
            return None
        if state[1]:
            return CANCELLED
        if now - renewed > RENEWED_EVERY_SECONDS:
            if not claim_renewed(Scenario, scenario, token, seconds=rules.CLAIM_SECONDS):
                return None
            renewed = now


def _note(scenario: ScenarioId, token: str, said: dict[str, Any]) -> None:
    rows = Scenario.objects.filter(pk=scenario, claim_token=token)
    share = None if said["progress"] is None else min(max(float(said["progress"]), 0.0), 1.0)
    rows.update(progress=share, progress_words=str(said["words"])[:200])


def _silent_end(status: int) -> dict[str, Any]:
    if status == -signal.SIGXCPU or status == -signal.SIGKILL:
        return _stopped(f"It used {rules.CPU_SECONDS_MAX // 60} minutes of a processor, or more memory than there is.")
    return _stopped(f"Its process ended without a result (status {status}).")


def _stopped(detail: str) -> dict[str, Any]:
    return ScenarioStopped(detail, remedy="Ask for less: fewer days, devices or replications.").to_problem()
