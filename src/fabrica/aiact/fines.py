"""What a breach may cost: the tier of fines of each duty, and the rule for the actor's size."""

from collections.abc import Collection
from functools import cache

from fabrica.aiact import library
from fabrica.wire.aiact import Fine

_SMALL = {"micro": "sme", "sme": "sme", "smc": "smc"}


def fine_tier(tier: str, *, union_institution: bool, ai_office: bool) -> str:
    """Return the tier of fines that a duty of this tier has for its actor.

    Union institutions are fined under Art. 100; where the AI Office is competent, a breach that is otherwise left to
    national law falls in T2.

    Source: Regulation (EU) 2024/1689, Arts 75c(4)(a), 99 and 100.
    """
    if union_institution and tier != "G":
        return "E"
    return "T2" if ai_office and tier == "N" else tier


def fines(tiers: Collection[str], actor_size: str | None) -> tuple[Fine, ...]:
    """Return each of these tiers of fines, with the limit for that size; null while it is not told."""
    return tuple([_fine(tier, actor_size) for tier in library.penalties() if tier in tiers])


@cache
def _fine(tier: str, actor_size: str | None) -> Fine:
    penalty = library.penalties()[tier]
    rule = penalty.rule
    if penalty.sme is not None:  # a tier whose limit may depend on the size
        small = {"sme": penalty.sme, "smc": penalty.smc}.get(_SMALL.get(actor_size or "", ""))
        rule = None if actor_size is None and penalty.sme != "no special rule" else rule
        rule = small if small is not None and small != "no special rule" else rule
    return Fine(
        id=tier,
        article=penalty.article,
        max_eur=penalty.max_eur,
        max_turnover_percent=penalty.max_turnover_pct,
        rule=rule,
        applies_from=penalty.from_,
    )
