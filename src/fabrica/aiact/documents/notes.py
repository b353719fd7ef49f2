"""What stands at the end of a document: notes of the law's data, and the law's open questions that touch it."""

from collections.abc import Iterator, Mapping

from fabrica.aiact import library
from fabrica.aiact.in_words import cited_in_words
from fabrica.aiact.schema_documents import DocumentTemplate

_QUESTIONS: Mapping[str, tuple[str, ...]] = {
    "annex_iv": ("oq-3", "oq-5"),
    "annex_v": ("oq-1", "oq-5"),
    "annex_viii_a": ("oq-1",),
    "annex_viii_b": ("oq-1", "oq-2"),
    "annex_viii_c": ("oq-1",),
    "annex_xi_s1": ("oq-4", "oq-7", "oq-9"),
    "annex_xi_s2": ("oq-4",),
    "mdf": ("oq-4", "oq-7", "oq-9"),
    "fria": ("oq-3",),
    "pmm_plan": ("oq-1",),
    "incident_report": ("oq-1",),
    "art6_assessment": ("oq-2",),
    "systemic_notification": ("oq-7", "oq-9"),
}
"""The open questions of the law's data that touch each document."""


def law_notes(law: DocumentTemplate) -> Iterator[str]:
    """Yield what the law's data notes about a document: forms still awaited, when to update it, who gets it."""
    for words in (law.note, law.simplified, law.official_form, law.delegated_act, law.proportionality, law.update,
                  law.modifier, law.publish, law.recipients_rule, law.form, law.notify, law.reuse):  # fmt: skip
        if words:
            told = cited_in_words(words)
            yield told[:1].upper() + told[1:]


def open_questions(template: str) -> Iterator[str]:
    """Yield the open questions of the law that touch a document, each with its status."""
    named = _QUESTIONS.get(template, ())
    for name in named:
        question = library.open_questions()[name]
        yield f"{question.q}: {question.status}" if question.status else question.q
