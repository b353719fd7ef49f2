"""Ids in addresses: an address with a malformed id leads nowhere."""

from collections.abc import Callable

from django.urls import register_converter

from fabrica.values.ids import (
    AgentId,
    CorrectionId,
    DocumentId,
    EvaluationId,
    EvaluatorId,
    ProjectId,
    QuestionId,
    ReportId,
    RunId,
    ScenarioId,
    SiteId,
    SystemId,
    UserId,
    VersionId,
)


def register_ids() -> None:
    """Let addresses say `<run:run>`, `<site:site>` and so on: the name of the noun, twice."""
    for name, regex, parse in (
        ("run", "run_[0-9a-z]{26}", RunId.parse),
        ("project", "prj_[0-9a-z]{26}", ProjectId.parse),
        ("agent", "agt_[0-9a-z]{26}", AgentId.parse),
        ("correction", "cor_[0-9a-z]{26}", CorrectionId.parse),
        ("system", "sys_[0-9a-z]{26}", SystemId.parse),
        ("version", "ver_[0-9a-z]{26}", VersionId.parse),
        ("document", "doc_[0-9a-z]{26}", DocumentId.parse),
        ("evaluation", "evl_[0-9a-z]{26}", EvaluationId.parse),
        ("evaluator", "evr_[0-9a-z]{26}", EvaluatorId.parse),
        ("report", "rpt_[0-9a-z]{26}", ReportId.parse),
        ("question", "qst_[0-9a-z]{26}", QuestionId.parse),
        ("scenario", "scn_[0-9a-z]{26}", ScenarioId.parse),
        ("user", "usr_[0-9a-z]{26}", UserId.parse),
        ("site", "[a-z0-9-]{1,40}", SiteId.parse),
    ):
        register_converter(_converter(regex, parse), name)


def _converter(pattern: str, parse: Callable[[str], str]) -> type:
    class Converter:
        """Turns the part of an address into an id and back; a ValueError makes it a 404."""

        regex = pattern

        def to_python(self, text: str) -> str:
            return parse(text)

        def to_url(self, value: str) -> str:
            return str(value)

    return Converter
