"""The rules of a classification, read from data: what each gives, when, and on whose authority."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import Field

from fabrica.aiact import library
from fabrica.aiact.conditions import NEVER, Answer, Condition, Every, Found, State, Unless, needs, unbarred
from fabrica.aiact.parsing import ConditionMalformed, Names, parse, words
from fabrica.aiact.propositions import Marks, Propositions
from fabrica.aiact.schema import Confidence, Fact, Part
from fabrica.aiact.truth import NO
from fabrica.reference.reading import ReferenceMalformed

# In this order: a rule may stand on a finding only when every rule that gives it has been read before.
FILES = ("scope", "prohibited", "annex_i", "high_risk", "roles", "transparency", "gpai")
ROLES = (
    "provider",
    "deployer",
    "product_manufacturer",
    "importer",
    "distributor",
    "authorised_representative",
    "gpai_provider",
)
SCOPE = ("ai_system", "in_scope")
# What the days of duties hang on, beside tiers, roles and the duties themselves.
DAYS = ("duties_annex_iii", "duties_annex_i", "late_annex_iii", "late_annex_i", "legacy_gpai", "legacy_marking")
_SECTIONS = {"A": "section_a", "B": "section_b"}


class Points(Part):
    """The exact point a rule cites, by the value of a fact."""

    fact: str
    points: Mapping[str, str]


class RuleText(Part):
    """A rule as written. `settles`: its citation is part of the basis, always or when that finding is shown."""

    id: str
    gives: str | tuple[str, ...]
    article: str
    when: str
    unless: str | None = None
    confidence: Confidence = "text"
    basis: tuple[str, ...] = ()
    settles: bool | str = False
    touches: tuple[str, ...] = ()
    cites: Points | None = None
    words: str | None = None


class DutyText(Part):
    """Duties that come together, and when."""

    gives: tuple[str, ...] = Field(min_length=1)
    when: str
    unless: str | None = None


class ContradictionText(Part):
    """Facts that cannot both be true, and what to do about it."""

    facts: tuple[str, str]
    when: str
    remedy: str


class _Rules(Part):
    rules: tuple[RuleText, ...]


class _Duties(Part):
    duties: tuple[DutyText, ...]
    never_from_facts: Mapping[str, str]


class _Contradictions(Part):
    contradictions: tuple[ContradictionText, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """A rule that is asked where nothing said `bars` it. `reach`: the facts it can depend on, by their bits.

    What bars it makes it a no. Where the rule is of use only when it fires, since nothing hangs on what it gives, a
    missing fact that it needs bars it too; for another rule what could still be found is told. `finds` has each finding
    with what changes of what is said when it rises from a no to each truth. `settles`, `touches` and `cites` are those
    of `text`, at hand because every classification asks them of every rule that fired.
    """

    text: RuleText
    gives: tuple[str, ...]
    finds: tuple[tuple[str, Marks], ...]
    condition: Condition
    ask: Callable[[State], Answer]
    bars: int
    reach: Mapping[int, str]
    settles: bool | str
    touches: tuple[str, ...]
    cites: Points | None

    def citation(self, facts: Mapping[str, Any]) -> str:
        """Return the provision the rule rests on, as exactly as the facts allow."""
        return self.text.article if self.cites is None else self.cites.points[facts[self.cites.fact]]

    def basis(self, facts: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the provisions that the rule adds to a result's basis."""
        return self.text.basis or (self.citation(facts),)


@dataclass(frozen=True, slots=True)
class DutyRule:
    """Duties and when they are due, asked where nothing said `bars` them."""

    duties: tuple[str, ...]
    condition: Condition
    ask: Callable[[State], Answer]
    bars: int


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A contradiction, asked where nothing said `bars` it, by being a no or by the lack of a fact that it needs."""

    text: ContradictionText
    condition: Condition
    bars: int


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Everything a classification asks, in the order it asks. `nothing_said`: no fact is told, and nothing found."""

    vocabulary: Mapping[str, Fact]
    bits: Mapping[str, int]
    keys: Mapping[int, str]
    propositions: Propositions
    nothing_said: int
    rules: tuple[Rule, ...]
    nothing_found: Mapping[str, Answer]
    duties: tuple[DutyRule, ...]
    never_from_facts: Mapping[str, str]
    contradictions: tuple[Contradiction, ...]


@cache
def rulebook() -> Rulebook:
    """Return the rules, read and checked once.

    Raises:
        ReferenceMalformed: a rule cannot be read, or speaks of something that is not there; says which.
    """
    vocabulary = library.vocabulary()
    propositions = Propositions(vocabulary)
    found: dict[str, Found] = {}
    used: set[str] = set()
    names = Names(vocabulary, propositions, found, library.limits())
    read = [rule for name in FILES for rule in _read_rules(name, names, found, used)]
    duties, never_from_facts = _duties(names, used)
    hanging = used | {*library.tiers(), *ROLES, *SCOPE, *DAYS, *(rule.text.settles for rule in read)}
    rules = tuple(rule if hanging & set(rule.gives) else _only_when_it_fires(rule) for rule in read)
    return Rulebook(
        vocabulary=vocabulary,
        bits=MappingProxyType(propositions.missing),
        keys={bit: key for key, bit in propositions.missing.items()},
        propositions=propositions,
        nothing_said=sum((*propositions.missing.values(), *(finding.marks[NO] for finding in found.values()))),
        rules=rules,
        nothing_found=dict.fromkeys(found, NEVER),
        duties=duties,
        never_from_facts=never_from_facts,
        contradictions=_contradictions(names),
    )


def _read_rules(name: str, names: Names, found: dict[str, Found], used: set[str]) -> Iterator[Rule]:
    """Yield the rules of one file; note in `found` what they give, in `used` the findings that they stand on."""
    file = library.RULES / f"{name}.yaml"
    texts = _annex_i() if name == "annex_i" else library.read(_Rules, file).rules
    for text in texts:
        condition = _condition(text.when, text.unless, names, file)
        gives = (text.gives,) if isinstance(text.gives, str) else text.gives
        for finding in gives:
            if finding in used or finding in names.vocabulary:
                raise ReferenceMalformed(file, text.id, f"{finding!r} was used before", "move the rule up, or rename")
            before = found.get(finding) or Found(finding, about=0, marks=names.propositions.finding())
            found[finding] = Found(finding, before.about | condition.about, before.marks)
        used.update(found.keys() & set(words(f"{text.when} {text.unless or ''}")))
        finds = tuple((finding, _rises(found[finding].marks)) for finding in gives)
        reach = {bit: key for key, bit in names.propositions.missing.items() if bit & condition.about}
        yield Rule(
            text=text,
            gives=gives,
            finds=finds,
            condition=condition,
            ask=unbarred(condition),
            bars=condition.marks[NO],
            reach=reach,
            settles=text.settles,
            touches=text.touches,
            cites=text.cites,
        )


def _rises(marks: Marks) -> Marks:
    no, open_, stands, yes = marks
    return 0, no | open_, no | stands, no | yes


def _only_when_it_fires(rule: Rule) -> Rule:
    return replace(rule, bars=rule.bars | needs(rule.condition))


def _annex_i() -> Iterator[RuleText]:
    """Yield one rule for each section of Annex I, which cites the point of the product act that is told."""
    acts = library.high_risk().route_annex_i.acts
    for section, finding in _SECTIONS.items():
        points = {act.key: f"Annex I {section} {act.point}" for act in acts if act.section == section}
        yield RuleText(
            id=f"annex-i-section-{section.lower()}",
            gives=finding,
            article=f"Annex I {section}",
            when=f"product_act is ({', '.join(points)})",
            settles=f"high_risk_annex_i_{section.lower()}",
            cites=Points(fact="product_act", points=points),
            words=f"The product is covered by an act of Annex I Section {section}.",
        )


def _condition(when: str, unless: str | None, names: Names, file: Path) -> Condition:
    """Return `when`, weakened by its exception where it has one."""
    try:
        condition = parse(when, names)
        return condition if unless is None else Every([condition, Unless(parse(unless, names))])
    except ConditionMalformed as mistake:
        raise ReferenceMalformed(file, "", str(mistake), "correct the condition") from None


def _duties(names: Names, used: set[str]) -> tuple[tuple[DutyRule, ...], Mapping[str, str]]:
    """Return the rules of duties, and why some duties never follow from facts; note in `used` what they stand on."""
    file = library.RULES / "duties.yaml"
    texts = library.read(_Duties, file)
    asked = [(one.gives, _condition(one.when, one.unless, names, file)) for one in texts.duties]
    used.update(word for one in texts.duties for word in words(f"{one.when} {one.unless or ''}"))
    return tuple(
        DutyRule(gives, condition, unbarred(condition), condition.marks[NO]) for gives, condition in asked
    ), texts.never_from_facts


def _contradictions(names: Names) -> tuple[Contradiction, ...]:
    file = library.RULES / "contradictions.yaml"
    texts = library.read(_Contradictions, file).contradictions
    asked = [(text, _condition(text.when, None, names, file)) for text in texts]
    return tuple(Contradiction(text, condition, condition.marks[NO] | needs(condition)) for text, condition in asked)
