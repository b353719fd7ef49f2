"""From which day a duty has effect for one system or model, beside the day by the letter and the day it had before."""

from collections.abc import Mapping
from datetime import date
from functools import cache, lru_cache
from typing import Literal, NamedTuple

from fabrica.aiact import library
from fabrica.aiact.fines import fine_tier
from fabrica.aiact.rulebook import DAYS
from fabrica.aiact.schema import Obligation
from fabrica.wire.aiact import DueObligation, Standing

KEPT = 4_096  # duties that many classifications share; the oldest are forgotten

HighRiskClass = Literal["annex_iii", "annex_i"]


class Case(NamedTuple):
    """What decides the days: the classes whose duties do not rest, which are late, what is legacy, whose fines."""

    classes: tuple[HighRiskClass, ...] = ()
    late: tuple[HighRiskClass, ...] = ()
    legacy_gpai: bool = False
    legacy_marking: bool = False
    only_imagery: bool = False
    union_institution: bool = False
    ai_office: bool = False


class Owed(NamedTuple):
    """Duties in the order of the law's data, and what hangs on them alone: their days, and their tiers of fines."""

    duties: tuple[DueObligation, ...]
    days: Mapping[str, date]
    fine_tiers: frozenset[str]


@lru_cache(KEPT)
def owed(duties: tuple[tuple[tuple[str, ...], Standing], ...], case: Case, as_of: date) -> Owed:
    """Return all duties of one actor, which came together with how firmly they stand."""
    found = [one for together, standing in duties for one in due(together, case, as_of, standing)]
    order = library.duty_order()
    found.sort(key=lambda one: order[one.id])
    days = {one.id: one.applies_from for one in found}
    return Owed(tuple(found), days, frozenset(one.penalty for one in found))


@lru_cache(KEPT)
def due(duties: tuple[str, ...], case: Case, as_of: date, standing: Standing) -> tuple[DueObligation, ...]:
    """Return duties with their days.

    Source: Regulation (EU) 2024/1689, Arts 111 and 113.
    """
    return tuple(_due(library.obligations()[duty], case, as_of, standing) for duty in duties)


def _due(law: Obligation, case: Case, as_of: date, standing: Standing) -> DueObligation:
    applies_from = _applies_from(law, case)
    effective = max(applies_from, high_risk_day(case) or applies_from) if _hangs_on_class(law) else applies_from
    return DueObligation.trusted(
        id=law.id,
        title=law.title,
        article=law.article,
        applies_from=applies_from,
        formal_date=law.formal_from,
        former_date=_former_date(law, case),
        in_force=effective <= as_of,
        penalty=fine_tier(law.penalty, union_institution=case.union_institution, ai_office=case.ai_office),
        standing=standing,
        note=law.note,
        source=law.source,
    )


def _applies_from(law: Obligation, case: Case) -> date:
    days = law.applies_from
    if isinstance(days, str):
        if law.id == "proh-5":  # the one duty whose points start on two days
            return _prohibition_day(case)
        return date.fromisoformat(days)
    if "annex_iii" in days or "annex_i" in days:
        return min((_class_day(one, days, case) for one in case.classes if one in days), default=min(days.values()))
    return days[_market_case(law, case)]


DECIDE_DAYS = (*DAYS, "prohibited_practice")


@cache
def hanging_on(finding: str) -> frozenset[str]:
    """Return the duties of more than one day, of which a finding decides."""
    return frozenset(duty for duty, law in library.obligations().items() if finding in _deciding(law))


def _deciding(law: Obligation) -> tuple[str, ...]:
    days = law.applies_from
    if law.id == "proh-5":
        return ("prohibited_practice",)
    if isinstance(days, str):
        return ()
    if "placed_before" in days:
        return ("legacy_gpai",) if law.id.startswith("gp-") else ("legacy_marking",)
    return tuple(f"{what}_{one}" for one in days for what in ("duties", "late"))


def _prohibition_day(case: Case) -> date:
    practices = library.practices()
    return practices["proh-ba" if case.only_imagery else "proh-a"].applies_from


def _class_day(one: HighRiskClass, days: Mapping[str, date], case: Case) -> date:
    return library.public_authority_day() if one in case.late else days[one]


def _market_case(law: Obligation, case: Case) -> str:
    """Return which of a duty's two days counts: that of things on the market before, or of later ones."""
    legacy = case.legacy_gpai if law.id.startswith("gp-") else case.legacy_marking
    assert isinstance(law.applies_from, Mapping)
    (later,) = (name for name in law.applies_from if name != "placed_before")
    return "placed_before" if legacy else later


def _hangs_on_class(law: Obligation) -> bool:
    """Say whether a duty with a day of its own still has effect only with the high-risk duties."""
    return isinstance(law.applies_from, str) and law.applies_when.startswith("high_risk")


def _former_date(law: Obligation, case: Case) -> date | None:
    if not isinstance(law.former_date, Mapping):
        return None  # bias-4a tells its former day in words
    if "placed_before" in law.former_date:
        return law.former_date["placed_before"] if case.legacy_marking else None
    of_classes = [day for name, day in law.former_date.items() if name in case.classes]
    return min(of_classes or law.former_date.values())


def high_risk_day(case: Case) -> date | None:
    """Return the day the high-risk duties have effect; null when they rest or there are none."""
    rules = library.timeline().application_rules
    days = {"annex_iii": rules.high_risk_annex_iii, "annex_i": rules.high_risk_annex_i}
    return min((_class_day(one, days, case) for one in case.classes), default=None)
