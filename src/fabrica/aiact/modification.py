"""Check whether a new version is a substantial modification, or a modified model of another provider."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from fabrica.aiact import library
from fabrica.aiact.in_words import cited_in_words
from fabrica.wire.accounts import ComputeAccount, Margin
from fabrica.wire.aiact import Classification
from fabrica.wire.systems import ChangeAnswers, Modification, ModificationReason, SystemKind, Verdict

_THIRD = ("modifier_ratio", "modifier_fallback_systemic", "modifier_fallback_other")
_WORDS: dict[Verdict, str] = {
    "substantial": "A substantial modification.",
    "not_substantial": "Not a substantial modification.",
    "open": "Not decided: a question is open.",
}
_VERDICT_OF: dict[str, Verdict] = {"above": "substantial", "below": "not_substantial"}


Origin = Literal["own", "others", "nothing"]


class Release(NamedTuple):
    """A version as the check sees it; None: nobody told its facts, or its compute."""

    result: Classification | None
    account: ComputeAccount | None


def check_modification(
    kind: SystemKind, before: Release, after: Release, told: ChangeAnswers, made_from: Origin
) -> Modification:
    """Return whether the version after modifies the one before substantially, with each reason and what is open.

    `made_from`: whose models' weights the new one starts from.

    Source: Regulation (EU) 2024/1689, Arts 3(23), 25(1) and 43(4); Commission guidelines for providers of
    general-purpose AI models, sections 2.2 and 3.2.
    """
    found = _of_model(after, made_from) if kind == "model" else _of_system(before, after, told)
    reasons = tuple(found)
    verdicts = [one.verdict for one in reasons]
    verdict: Verdict = next((one for one in ("substantial", "open") if one in verdicts), "not_substantial")
    return Modification(
        verdict=verdict,
        words=_WORDS[verdict],
        reasons=reasons,
        consequences=tuple(_consequences(kind, verdict, after)),
        told=told,
        law=f"{library.about().id}, checked on {library.about().as_of}",
    )


def _of_system(before: Release, after: Release, told: ChangeAnswers) -> Iterator[ModificationReason]:
    if before.result is None or after.result is None:
        yield _reason("open", "The facts of both versions are needed, and one has none.", "Art. 3(23)")
        return
    if not (_may_be_high_risk(before.result) or _may_be_high_risk(after.result)):
        yield _reason("not_substantial", "Neither version is high-risk, so Art. 43(4) asks for nothing.", "Art. 43(4)")
        return
    if told.planned is True:
        yield _reason("not_substantial", "Fixed in advance and documented with the first assessment.", "Art. 43(4)")
        return
    yield _purpose(before.result, after.result, told)
    yield _requirements(told)


def _may_be_high_risk(found: Classification) -> bool:
    return any(tier.startswith("high_risk") for tier in (*found.tiers, *found.possible_tiers))


def _purpose(before: Classification, after: Classification, told: ChangeAnswers) -> ModificationReason:
    points = [set(_points(one)) for one in (before, after)]
    if points[0] != points[1]:
        words = f"The facts show another use: {_named(points[0])} before, {_named(points[1])} now."
        return _reason("substantial", words, "Art. 3(23)")
    if told.changes_purpose is None:
        return _reason("open", "Nobody said whether the assessed intended purpose changes.", "Art. 3(23)")
    if told.changes_purpose:
        return _reason("substantial", "The assessed intended purpose changes.", "Art. 3(23)")
    return _reason("not_substantial", "The assessed intended purpose stays.", "Art. 3(23)")


def _points(found: Classification) -> tuple[str, ...]:
    return tuple(one for one in found.basis if one.startswith("Annex"))


def _named(points: set[str]) -> str:
    return ", ".join(sorted(points)) or "no high-risk use"


def _requirements(told: ChangeAnswers) -> ModificationReason:
    if told.affects_compliance is None:
        words = "Nobody said whether compliance with the requirements for high-risk systems is affected."
        return _reason("open", words, "Art. 3(23)")
    if told.affects_compliance:
        return _reason("substantial", "Compliance with Chapter III, Section 2 is affected.", "Art. 3(23)")
    return _reason("not_substantial", "Compliance with Chapter III, Section 2 is not affected.", "Art. 3(23)")


def _of_model(after: Release, made_from: Origin) -> Iterator[ModificationReason]:
    if made_from == "nothing":
        words = "Its weights start from no other model, so it modifies none."
        yield _reason("not_substantial", words, "gl_gpai section 3.2")
        return
    if made_from == "own":
        words = "One model of one provider from its large pre-training run on, so the rule on modifiers does not apply."
        yield _reason("not_substantial", words, "gl_gpai section 2.2")
        return
    margin = _third(after.account)
    if margin is None:
        yield _reason("open", "Nothing is told of the compute of the modification.", "gl_gpai section 3.2")
        return
    yield _reason(_VERDICT_OF.get(margin.state, "open"), margin.words, "gl_gpai section 3.2")


def _third(account: ComputeAccount | None) -> Margin | None:
    margins = account.margins if account else ()
    return next((one for one in margins if one.threshold in _THIRD), None)


def _reason(verdict: Verdict, words: str, citation: str) -> ModificationReason:
    return ModificationReason(verdict=verdict, words=words, citation=cited_in_words(citation))


def _consequences(kind: SystemKind, verdict: Verdict, after: Release) -> Iterator[str]:
    if kind == "model":
        if verdict == "substantial":
            place = cited_in_words("gl_gpai section 3.2")
            yield f"Who modified it is indicated to be the provider of the modified model ({place})."
            yield "Its duties are limited to the modification: documentation, copyright policy, training summary."
        return
    if verdict == "substantial":
        duty = library.obligations()["hr-43-4"]
        yield f"{duty.title} ({duty.article})."
        if after.result and "provider" not in after.result.roles:
            yield "Who modified it becomes its provider (Art. 25(1))."
