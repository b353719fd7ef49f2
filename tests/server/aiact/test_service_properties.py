"""Any sequence of verbs by anybody: states go forward, what is released stays as it was made, only the lead answers."""

from datetime import date
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from fabrica.server.aiact import queries, rules, service
from fabrica.server.aiact.models import Lineage, Version
from fabrica.server.core.models import Fact
from fabrica.values.ids import VersionId
from fabrica.wire.problems import FabricaError
from fabrica.wire.systems import NewLineage, NewRelease, VersionState
from tests.builders import make_member, make_operator, make_project, make_user
from tests.server.aiact.builders import make_system, make_version

DAY = date(2026, 1, 1)
ROLES = st.sampled_from(["lead", "lead", "lead", "member", "reader", "operator"])


class Register(RuleBasedStateMachine):
    """One system whose versions anybody tries to change."""

    versions = Bundle("versions")

    def __init__(self) -> None:
        super().__init__()
        self.undone = transaction.atomic()
        self.undone.__enter__()
        lead = make_user()
        self.project = make_project(lead)
        self.actors = {
            "lead": lead,
            "member": make_member(self.project),
            "reader": make_member(self.project, "reader"),
            "operator": make_operator(),
        }
        self.system = make_system(lead, self.project)
        self.added = 0
        self.made_from: dict[VersionId, set[Any]] = {}

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.undone.__exit__(None, None, None)

    @precondition(lambda self: self.added < 3)
    @rule(target=versions)
    def add(self) -> VersionId:
        self.added += 1
        return make_version(self.actors["lead"], self.project, self.system)

    @rule(role=ROLES, version=versions, parent=versions)
    def state_lineage(self, role: str, version: VersionId, parent: VersionId) -> None:
        told = NewLineage(relation="finetuned_from", parent=parent)
        self._try(role, service.state_lineage, version=version, told=told)

    @rule(role=ROLES, version=versions, before=st.none() | versions)
    def release(self, role: str, version: VersionId, before: VersionId | None) -> None:
        told = NewRelease(market_on=DAY, replaces=before, reason="Decided.")
        if self._try(role, service.release, version=version, told=told):
            assert role == "lead"
            self.made_from[version] = _parents(version)

    @rule(role=ROLES, version=versions)
    def withdraw(self, role: str, version: VersionId) -> None:
        if self._try(role, service.withdraw, version=version, on=DAY, reason="No more use."):
            assert role == "lead"

    def _try(self, role: str, verb: Any, **told: Any) -> bool:
        try:
            verb(self.actors[role], **told)
        except FabricaError:
            return False
        return True

    @invariant()
    def states_only_go_where_the_table_leads(self) -> None:
        seen: dict[str, VersionState] = {}
        for fact in Fact.objects.filter(kind="aiact.version_moved").order_by("sequence"):
            now = seen.get(fact.subject, VersionState.DRAFT)
            assert VersionState(fact.body["state"]) in rules.NEXT[now]
            seen[fact.subject] = VersionState(fact.body["state"])
        stored = dict(Version.objects.filter(system_id=self.system).values_list("pk", "state"))
        assert stored == {key: seen.get(key, VersionState.DRAFT) for key in stored}

    @invariant()
    def what_a_released_version_was_made_from_stays(self) -> None:
        for version, parents in self.made_from.items():
            assert _parents(version) == parents

    @invariant()
    def nothing_descends_from_itself(self) -> None:
        for line in Lineage.objects.filter(version__system_id=self.system):
            assert line.version_id not in queries.ancestors(line.parent_id)

    @invariant()
    def what_is_replaced_has_a_successor(self) -> None:
        for row in Version.objects.filter(system_id=self.system, state=VersionState.REPLACED):
            assert row.replaced_by.exclude(state=VersionState.DRAFT).exists()


def _parents(version: VersionId) -> set[Any]:
    return set(Lineage.objects.filter(version_id=version).values_list("parent_id", flat=True))


@pytest.mark.django_db
def test_any_sequence_of_verbs_keeps_the_promises() -> None:
    limits = settings(max_examples=12, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(Register, settings=limits)
