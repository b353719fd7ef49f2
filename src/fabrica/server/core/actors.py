"""Who acts: a person, a site's agent, an independent evaluator, or the service itself."""

from dataclasses import dataclass, field
from enum import StrEnum

from fabrica.values.ids import AgentId, EvaluatorId, SiteId, UserId


class NetworkRole(StrEnum):
    """What a person may do for the whole network, beside their roles in projects."""

    OPERATOR = "operator"  # the network's office: grants, corrects, enrols agents
    AUDITOR = "auditor"  # reads everything, changes nothing
    ADVISER = "adviser"  # answers questions that people pass on to the service desk; sees no project for it


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks for a verb. Built from a checked session or token, never from a request's own words."""

    name: str
    user: UserId | None = None
    agent: AgentId | None = None
    site: SiteId | None = None
    evaluator: EvaluatorId | None = None
    network_roles: frozenset[NetworkRole] = field(default_factory=frozenset)
    system: bool = False

    @property
    def key(self) -> str:
        """What stands for the actor in rows that never change: an id where there is one, so no person's name."""
        return str(self.user or self.agent or self.evaluator or self.name)

    @property
    def is_operator(self) -> bool:
        return self.system or NetworkRole.OPERATOR in self.network_roles

    @property
    def is_adviser(self) -> bool:
        return self.is_operator or NetworkRole.ADVISER in self.network_roles

    @property
    def sees_everything(self) -> bool:
        return self.is_operator or NetworkRole.AUDITOR in self.network_roles


SYSTEM = Actor(name="fabrica", system=True)
NOBODY = Actor(name="nobody")
