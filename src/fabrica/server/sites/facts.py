"""What sites announces."""

from dataclasses import dataclass
from typing import ClassVar

from fabrica.server.core.facts import FactBody
from fabrica.values.ids import AgentId, SiteId


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentInvited(FactBody):
    """An operator drew a code with which one agent may be enrolled for the site."""

    kind: ClassVar[str] = "sites.agent_invited"
    subject_field: ClassVar[str] = "site"
    site: SiteId
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentEnrolled(FactBody):
    kind: ClassVar[str] = "sites.agent_enrolled"
    subject_field: ClassVar[str] = "site"
    site: SiteId
    agent: AgentId
    name: str
    simulated: bool
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentKeyChanged(FactBody):
    """An agent made a new key pair; `key` is the thumbprint of its public half."""

    kind: ClassVar[str] = "sites.agent_key_changed"
    subject_field: ClassVar[str] = "site"
    site: SiteId
    agent: AgentId
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentWithdrawn(FactBody):
    kind: ClassVar[str] = "sites.agent_withdrawn"
    subject_field: ClassVar[str] = "site"
    site: SiteId
    agent: AgentId


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalReplaced(FactBody):
    """An agent came back with a new journal after the old one fell silent."""

    kind: ClassVar[str] = "sites.journal_replaced"
    subject_field: ClassVar[str] = "site"
    site: SiteId
    agent: AgentId


@dataclass(frozen=True, slots=True, kw_only=True)
class EventAltered(FactBody):
    """An alarm: an event number came a second time with different content. The first content stands."""

    kind: ClassVar[str] = "sites.event_altered"
    subject_field: ClassVar[str] = "site"
    site: SiteId
    agent: AgentId
    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DrainingSet(FactBody):
    kind: ClassVar[str] = "sites.draining_set"
    subject_field: ClassVar[str] = "site"
    site: SiteId
    draining: bool
    reason: str
