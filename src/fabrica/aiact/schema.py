"""The shape of the law's data for classification: every key is known, and nothing may be missing."""

from collections.abc import Mapping
from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Confidence = Literal["text", "guidance", "draft", "secondary", "open"]


class Part(BaseModel):
    """A piece of the law's data: immutable, and a key that nobody knows is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class About(Part):
    """What the data is, how sure it is, and when it must be looked at again."""

    id: str
    schema_version: str
    as_of: date
    purpose: str
    wording: str
    citation_form: str
    confidence_scale: Mapping[Confidence, str]
    verification: tuple[str, ...]
    point_number_note: str
    review_when: tuple[str, ...]

    @property
    def version(self) -> str:
        """Return the name of the data with its version, as every result tells it."""
        return f"{self.id} {self.schema_version}"


class Instrument(Part):
    """An act, a guideline or a code that the data was read from."""

    id: str
    name: str
    url: str
    status: str
    number: str | None = None
    adopted: date | None = None
    oj: str | None = None
    in_force: date | None = None
    history: tuple[str, ...] = ()
    amends: tuple[str, ...] = ()
    does_not_amend: tuple[str, ...] = ()


class Milestone(Part):
    """A day of the timeline."""

    date: date
    what: str
    basis: str
    next: bool = False
    former: str | None = None


class RuleInWords(Part):
    basis: str
    test: str


class DateReading(Part):
    """A date on which two readings exist, and the one that is used."""

    confidence: Confidence
    question: str
    reading_used: str
    note: str


class ApplicationRules(Part):
    """From when high-risk duties apply, and what holds for things placed on the market before."""

    high_risk_annex_iii: date
    high_risk_annex_i: date
    rule_legacy_high_risk: RuleInWords
    rule_legacy_gpai: RuleInWords
    rule_legacy_marking: RuleInWords
    open_question_section5: DateReading


class Threshold(Part):
    """A number of the Act or its guidance, under the name of its unit."""

    id: str
    source: str
    confidence: Confidence
    value_flop: float | None = None
    value_ratio: float | None = None
    value_users: int | None = None
    value: int | Mapping[str, int] | None = None
    comparison: Literal["greater_than"] | None = None
    quantity: str | None = None
    also: str | None = None
    when: str | None = None
    effect: str | None = None
    trap: str | None = None


class Practice(Part):
    """One point of Article 5."""

    id: str
    article: str
    practice: str
    all_elements: tuple[str, ...]
    exceptions: tuple[str, ...]
    applies_from: date
    penalty: str
    guidance_inside: tuple[str, ...]
    guidance_outside: tuple[str, ...]


class ProductAct(Part):
    """A Union product act of Annex I, with the vocabulary's key for it."""

    section: Literal["A", "B"]
    point: int
    key: str
    act: str


class Narrowing(Part):
    article: str
    rule: str


class AnnexIRoute(Part):
    article: str
    conditions: tuple[str, ...]
    narrowing: tuple[Narrowing, ...]
    acts: tuple[ProductAct, ...]
    section_a_effect: str
    section_b_effect: str
    removed_in_2026: str
    applies_from: date
    former: date


class AnnexIIIPoint(Part):
    """One use of Annex III, and what looks like it and is not covered."""

    point: str
    use: str
    not_covered: str


class AnnexIIIRoute(Part):
    article: str
    points: tuple[AnnexIIIPoint, ...]
    applies_from: date
    former: date


class DerogationTask(Part):
    id: str
    rule: str
    recital_53: tuple[str, ...]


class Derogation(Part):
    """The way out of Annex III."""

    article: str
    general_test: str
    any_of: tuple[DerogationTask, ...]
    never_when: str
    then: tuple[str, ...]
    draft_guidance: tuple[str, ...]
    draft_confidence: Confidence


class HighRisk(Part):
    route_annex_i: AnnexIRoute
    route_annex_iii: AnnexIIIRoute
    derogation: Derogation
    amend_by_delegated_act: str


class Fact(Part):
    """One key of the vocabulary."""

    type: Literal["bool", "enum", "list", "number", "date"]
    meaning: str
    group: str
    values: tuple[str, ...] = ()


class Step(Part):
    """One step of the classification procedure."""

    step: int
    name: str
    do: str
    ask: tuple[str, ...] = ()


class Obligation(Part):
    """One duty. `applies_from` is a day, a day by class or by market date, or words where points of one article differ.

    `formal_from` stands beside the effective day where the law did not defer the article by name.
    """

    id: str
    title: str
    article: str
    role: tuple[str, ...]
    applies_when: str
    applies_from: str | Mapping[str, date]
    evidence: tuple[str, ...]
    penalty: str
    source: str
    note: str | None = None
    former_date: str | Mapping[str, date] | None = None
    formal_from: date | None = None


class Penalty(Part):
    """A tier of fines."""

    id: str
    article: str
    covers: str | None = None
    max_eur: int | None = None
    max_turnover_pct: int | None = None
    rule: str | None = None
    sme: str | None = None
    smc: str | None = None
    from_: date | None = None
    max_eur_art5: int | None = None
    max_eur_other: int | None = None
    by: str | None = None
    max: str | None = None


class Privilege(Part):
    """What is easier for a small company."""

    who: str
    privilege: str
    article: str
    status: str | None = None
    confidence: Confidence | None = None


class Trap(Part):
    """A wrong answer that is often given, and the right one."""

    id: str
    wrong: str
    right: str


class OpenQuestion(Part):
    """What the law or its guidance has not settled."""

    id: str
    q: str
    status: str | None = None
    see: str | None = None


class Instruments(Part):
    meta: About
    instruments: tuple[Instrument, ...]


class Timeline(Part):
    timeline: tuple[Milestone, ...]
    application_rules: ApplicationRules


class Thresholds(Part):
    thresholds: tuple[Threshold, ...]


class ProhibitedPractices(Part):
    prohibited_practices: tuple[Practice, ...]


class HighRiskFile(Part):
    high_risk: HighRisk


class Tiers(Part):
    tiers: Mapping[str, str]
    tier_note: str


class Vocabulary(Part):
    facts_vocabulary: Mapping[str, Fact]


class Procedure(Part):
    classification_procedure: tuple[Step, ...]


class Obligations(Part):
    obligations: tuple[Obligation, ...]
    obligation_bundles: Mapping[str, tuple[str, ...]]


class Penalties(Part):
    penalties: tuple[Penalty, ...]
    small_business: tuple[Privilege, ...]


class OpenQuestions(Part):
    answer_traps: tuple[Trap, ...] = Field(min_length=1)
    open_questions: tuple[OpenQuestion, ...]
