"""A classification as evidence: tiers, the point of Annex III, the way out of Art. 6(3), reasons and citations."""

from fabrica.aiact.documents.evidence import evidence
from fabrica.aiact.in_words import leading_tiers
from fabrica.wire.aiact import Classification
from fabrica.wire.documents import Evidence
from fabrica.wire.runs import Sha256

CONFIDENCE = {
    "text": "read in the text of the law",
    "guidance": "rests on adopted guidance",
    "secondary": "rests on secondary sources",
    "draft": "rests on draft guidance",
    "open": "contested: more than one reading exists",
}


def classification_evidence(found: Classification, *, source: str, sha256: Sha256) -> Evidence:
    """Return what the desk found; `source` and `sha256` are of the answers it was asked with.

    What hangs on an exception that nobody has told, or on a question that nobody answered, is told as such.
    """
    ways_out = [rule for rule in found.trace if "derogation" in rule.gives]
    points = [one for one in found.basis if one.startswith("Annex III")]
    told = [rule for rule in found.trace if rule.words]
    row = {
        "tiers": [_tier(name, found) for name in leading_tiers(found.tiers, found.standing)] or ["none is shown"],
        "annex_iii_point": points,
        "exception_condition": [_unless(f"{rule.citation}: {rule.words}", rule.standing) for rule in ways_out],
        "reasons": [str(rule.words) for rule in told],
        "citations": list(dict.fromkeys(rule.citation for rule in told)),
        "confidence": found.confidence and CONFIDENCE[found.confidence],
        "open_questions": _open(len(found.open_questions)),
        "rule_version": f"{found.law.data}, checked on {found.law.checked_on}",
        "classified_on": found.as_of,
    }
    return evidence(
        "cls.record",
        [{name: value for name, value in row.items() if value}],
        held_by="computed",
        source=source,
        method="Classified by Fabrica's rules from the answers in this file. It is no legal advice.",
        at=found.as_of,
        sha256=sha256,
    )


def _tier(name: str, found: Classification) -> str:
    return _unless(name.replace("_", " "), found.standing.get(name, "final"))


def _unless(words: str, standing: str) -> str:
    return words if standing == "final" else f"{words} (unless an exception is shown)"


def _open(count: int) -> str | None:
    return f"{count}; 'fabrica aiact classify' lists them" if count else None
