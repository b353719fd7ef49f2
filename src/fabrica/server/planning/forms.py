"""Forms of saved scenarios: what to run, and who reads it."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from fabrica.server.planning import rules
from fabrica.values.ids import ProjectId
from fabrica.wire.people import Project
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


class SharingForm(forms.Form):
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
        """Return the text with the line ends of a file: a browser sends those of a form."""
        return str(self.cleaned_data["text"]).replace("\r\n", "\n")


class LinkForm(forms.Form):
    """For how many days a link holds."""

    days = forms.IntegerField(label=_("Days that a link holds"), min_value=1, max_value=rules.LINK_DAYS_MAX, initial=14)


class NameForm(forms.Form):
    """What a scenario is called from now on."""

    name = forms.CharField(label=_("Name"), max_length=NAME_CHARACTERS_MAX)
