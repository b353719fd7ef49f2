"""The shape of the law's data that documents and accounts are made from; nothing of it decides a classification."""

from collections.abc import Mapping
from typing import Literal

from fabrica.aiact.schema import Confidence, Part

Fill = Literal["auto", "assisted", "human"]


class Evidence(Part):
    """A kind of evidence: where it is held, and who fills it in."""

    id: str
    held_in: str
    what: str
    fill: Fill


class Item(Part):
    """One item of a document, with the evidence that answers it."""

    id: str
    asks: str
    fill: Fill
    evidence: tuple[str, ...]
    note: str | None = None
    recipients: Mapping[str, bool | str] | None = None
    recipients_confidence: str | None = None


class DocumentTemplate(Part):
    """A document of the Act, its items in the official order."""

    title: str
    article: str
    items: tuple[Item, ...]
    note: str | None = None
    form: str | None = None
    simplified: str | None = None
    retention_years: int | None = None
    proportionality: str | None = None
    delegated_act: str | None = None
    not_sent_by_default: tuple[str, ...] = ()
    size_bins: Mapping[str, tuple[str, ...]] | None = None
    size_bins_confidence: str | None = None
    update: str | None = None
    modifier: str | None = None
    publish: str | None = None
    real_filing_lesson: str | None = None
    source: str | None = None
    recipients_rule: str | None = None
    official_form: str | None = None
    notify: str | None = None
    reuse: str | None = None


class Amendment(Part):
    """One point of the amending act."""

    amending_point: str
    provision: str
    change: str
    applies_from: str
    topic: str
    point_number: Literal["confirmed", "inferred"]


class Definition(Part):
    """A word of the Act."""

    term: str
    article: str
    text: str
    tests: tuple[str, ...] = ()
    outside_per_guidance: tuple[str, ...] = ()
    confidence: str | None = None


class TransparencyDuty(Part):
    """One duty of Article 50, with its exceptions."""

    id: str
    article: str
    duty: str
    by: str
    exceptions: tuple[str, ...]
    applies_from: str
    guidance: tuple[str, ...] = ()
    softened: str | None = None


class Covered(Part):
    id: str
    article: str
    text: str


class Excluded(Part):
    id: str
    article: str
    text: str
    limit: str


class Scope(Part):
    covered: tuple[Covered, ...]
    excluded: tuple[Excluded, ...]
    untouched: tuple[str, ...]


class OpenSourceSystems(Part):
    article: str
    rule: str


class OpenSourceModels(Part):
    """What open-source models are spared, and what is not open."""

    article: str
    lifts: tuple[str, ...]
    keeps: tuple[str, ...]
    never_for: str
    conditions: tuple[str, ...]
    not_open: tuple[str, ...]
    monetisation_examples: tuple[str, ...]
    not_monetisation: tuple[str, ...]
    source: str
    confidence: Confidence


class OpenSource(Part):
    systems: OpenSourceSystems
    gpai_models: OpenSourceModels
    components: OpenSourceSystems


class ConformityRoute(Part):
    case: str
    route: str
    article: str
    note: str | None = None


class Enforcement(Part):
    ai_office: tuple[str, ...]
    national: tuple[str, ...]
    edps: str
    sandbox: str
    complaint: str
    explanation: str


class Flip(Part):
    """How somebody becomes a provider."""

    id: str
    article: str
    who: str
    trigger: str
    result: str
    confidence: Confidence | None = None


class Roles(Part):
    flips: tuple[Flip, ...]
    note: str


class SystemicClass(Part):
    systemic: tuple[str, ...]
    notify: str
    rebut: str
    reassess: str
    list: str


class Gpai(Part):
    """General-purpose AI models: class, provider, notification."""

    classification: SystemicClass
    lifecycle: str
    who_is_provider: tuple[str, ...]
    who_source: str
    modifier_duties: str
    notification_content: tuple[str, ...]
    not_gpai_examples: tuple[str, ...]


class Amendments(Part):
    omnibus_changes: tuple[Amendment, ...]
    omnibus_not_changed: tuple[str, ...]


class Definitions(Part):
    definitions: tuple[Definition, ...]


class ScopeFile(Part):
    scope: Scope
    open_source: OpenSource


class TransparencyFile(Part):
    transparency: tuple[TransparencyDuty, ...]


class GpaiFile(Part):
    gpai: Gpai


class RolesFile(Part):
    roles: Roles


class Conformity(Part):
    conformity_routes: tuple[ConformityRoute, ...]
    enforcement: Enforcement


class EvidenceCatalogue(Part):
    evidence_catalogue: tuple[Evidence, ...]


class DocumentTemplates(Part):
    document_templates: Mapping[str, DocumentTemplate]
