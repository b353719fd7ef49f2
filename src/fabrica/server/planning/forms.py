"""Forms of saved scenarios: what to run, and who reads it."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django import forms
from django.utils.translation import gettext_lazy as _

from fabrica.server.planning import rules
from fabrica.values.ids import ProjectId
from fabrica.wire.people import Project
from fabrica.wire.problems import FabricaError
from fabrica.wire.scenarios import NAME_CHARACTERS_MAX, SEED_MAX, TEXT_CHARACTERS_MAX

FIRST_SITING = """include = ["bids", "hosts"]

[need]
power_megawatts = 220
in_year = 2030
"""


FIRST_NETWORK = """[period]
days = 28
replications = 3

[network]
systems = ["current"]

[work]
load = 0.7
"""


class Mistake(NamedTuple):
    """What is wrong in a form: the field's id and words for a link to it, both empty where it is of no field."""

    id: str
    label: str
    problem: str


def mistakes_of(form: forms.BaseForm, about: str = "") -> list[Mistake]:
    """Return what is wrong in a form. `about`: which of several forms it is, before the field's words."""
    of_none = [Mistake("", about, str(problem)) for problem in form.non_field_errors()]
    return of_none + [
        Mistake(field.id_for_label, f"{about}: {field.label}" if about else str(field.label), str(problem))
        for field in form
        for problem in field.errors
    ]


def without_place(problem: FabricaError) -> str:
    """Return a mistake in a file without its place there, for here it stands at its field."""
    detail = problem.detail.partition(": ")[2] or problem.detail
    return f"{detail} {problem.remedy}".strip()


class PlanningForm(forms.Form):
    """A form of planning: its mistakes stand above it too, each with a link to its field."""

    @property
    def mistakes(self) -> list[Mistake]:
        return mistakes_of(self)


class SharingForm(PlanningForm):
    """Who reads a scenario beside its author."""

    project = forms.ChoiceField(label=_("Project whose members read it"), required=False)
    with_office = forms.BooleanField(label=_("The office of the network reads it"), required=False)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        projects: Sequence[Project],
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial=dict(initial or {}))
        worked_in = [(str(one.id), one.name) for one in projects if one.role in ("lead", "member")]
        self.fields["project"].choices = [("", _("none")), *worked_in]  # type: ignore[attr-defined]

    def sharing(self) -> dict[str, Any]:
        """Return what was chosen as the verbs take it."""
        chosen = self.cleaned_data
        return {
            "project": ProjectId.parse(chosen["project"]) if chosen["project"] else None,
            "with_office": chosen["with_office"],
        }


class ScenarioForm(SharingForm):
    """A scenario to save, as its text."""

    name = forms.CharField(label=_("Name"), max_length=NAME_CHARACTERS_MAX)
    text = forms.CharField(
        label=_("What is asked, as TOML"),
        max_length=TEXT_CHARACTERS_MAX,
        widget=forms.Textarea(attrs={"rows": 18, "class": "mono", "spellcheck": "false"}),
        strip=False,
    )
    seed = forms.IntegerField(
        label=_("Seed"), min_value=0, max_value=SEED_MAX, help_text=_("The same seed gives the same result")
    )
    field_order = ("name", "text", "seed", "project", "with_office")

    def clean_text(self) -> str:
        return as_file(self.cleaned_data["text"])

    def tell(self, problem: FabricaError) -> None:
        """Tell why the scenario was not saved: at its text where it has a line there."""
        self.add_error("text" if "line" in problem.facts else None, str(problem))


def as_file(text: str) -> str:
    """Return text with the line ends of a file: a browser sends those of a form."""
    return text.replace("\r\n", "\n")


class LinkForm(PlanningForm):
    """For how many days a link holds."""

    days = forms.IntegerField(label=_("Days that a link holds"), min_value=1, max_value=rules.LINK_DAYS_MAX, initial=14)


class NameForm(PlanningForm):
    """What a scenario is called from now on."""

    name = forms.CharField(label=_("Name"), max_length=NAME_CHARACTERS_MAX)
