"""A what-if of the network, built from the live one: what is added, what closes, how the broker weighs."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from fabrica.planning.training.goodput import DEVICE_HOURS_PER_STOP
from fabrica.reference.accelerators import load_accelerators
from fabrica.reference.grid import load_grid
from fabrica.server.planning.forms import SharingForm
from fabrica.values.ids import SiteId
from fabrica.values.toml import write_value
from fabrica.wire.people import Project
from fabrica.wire.scenarios import NAME_CHARACTERS_MAX, SEED_MAX
from fabrica.wire.sites import Site

DAYS_MAX, REPLICATIONS_MAX, DEVICES_MAX = 366, 5, 1_000_000
OWN_SITE = "planned-gigafactory"
ACCOUNTS, CHECKPOINT_SECONDS, MAINTENANCE_HOURS = 200, 3_600, 8.0
"""Assumed, as the form says."""


class NetworkForm(SharingForm):
    """The questions most asked of the network; whatever else a scenario may hold is written as its file."""

    name = forms.CharField(label=_("Name"), max_length=NAME_CHARACTERS_MAX)
    days = forms.IntegerField(label=_("Days"), min_value=1, max_value=DAYS_MAX)
    replications = forms.IntegerField(
        label=_("Replications"),
        min_value=1,
        max_value=REPLICATIONS_MAX,
        help_text=_("Three or more give an interval"),
    )
    load = forms.FloatField(
        label=_("Load"), min_value=0.01, max_value=3, help_text=_("Of the time of the devices that the work would fill")
    )
    planned = forms.BooleanField(label=_("Machines that are planned run too"), required=False)
    as_now = forms.BooleanField(label=_("Sites that take no new runs now stay closed"), required=False)
    country = forms.ChoiceField(label=_("A gigafactory in"), required=False)
    accelerator = forms.ChoiceField(label=_("With accelerators of"), required=False)
    devices = forms.IntegerField(label=_("How many devices"), required=False, min_value=1, max_value=DEVICES_MAX)
    opens_on_day = forms.IntegerField(label=_("Opens on day"), required=False, min_value=0, max_value=DAYS_MAX)
    closes = forms.ChoiceField(label=_("This site closes"), required=False)
    closed_from_day = forms.IntegerField(label=_("From day"), required=False, min_value=0, max_value=DAYS_MAX)
    closed_to_day = forms.IntegerField(label=_("To day"), required=False, min_value=1, max_value=DAYS_MAX)
    carbon = forms.FloatField(
        label=_("Weight of carbon in the broker"),
        required=False,
        min_value=0,
        max_value=1,
        help_text=_("0 to 1; empty: as the live broker weighs"),
    )
    stops = forms.BooleanField(
        label=_("Nodes fail"),
        required=False,
        help_text=_("At the published rate, one stop in 50,677 device-hours; jobs save every hour"),
    )
    fair_share = forms.BooleanField(
        label=_("Sites share fairly"), required=False, help_text=_("Between 200 accounts, which are assumed")
    )
    maintenance_days = forms.IntegerField(
        label=_("Days between maintenance"),
        required=False,
        min_value=1,
        max_value=DAYS_MAX,
        help_text=_("Eight hours at every site; empty: none"),
    )
    pue_assumed = forms.FloatField(
        label=_("Cooling to assume (PUE)"),
        required=False,
        min_value=1,
        max_value=3,
        help_text=_("Empty: as the live broker assumes"),
    )
    seed = forms.IntegerField(
        label=_("Seed"),
        min_value=0,
        max_value=SEED_MAX,
        help_text=_("Two scenarios of one seed get the same work, so that they compare"),
    )

    def __init__(self, data: Mapping[str, Any] | None, *, projects: Sequence[Project], sites: Sequence[Site]) -> None:
        super().__init__(data, projects=projects, initial=_FIRST)
        self.draining = [site.id for site in sites if site.draining]
        countries = sorted(((code, one.name) for code, one in load_grid().countries.items()), key=lambda one: one[1])
        self.fields["country"].choices = [("", _("none")), *countries]  # type: ignore[attr-defined]
        self.fields["accelerator"].choices = [(key, key) for key in load_accelerators()]  # type: ignore[attr-defined]
        factories = [(str(site.id), site.name) for site in sites if site.kind == "factory"]
        self.fields["closes"].choices = [("", _("none")), *factories]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Ask for what belongs together: devices of a gigafactory, days of a closure."""
        filled = super().clean() or self.cleaned_data
        if filled.get("country") and filled.get("devices") is None:
            self.add_error("devices", forms.ValidationError(_("Say how many, such as 100000.")))
        if filled.get("closes"):
            start, end = filled.get("closed_from_day") or 0, filled.get("closed_to_day")
            if end is None or end <= start:
                self.add_error("closed_to_day", forms.ValidationError(_("Give a day after the first.")))
        return filled

    def text(self) -> str:
        """Return the scenario as the file that the command reads."""
        chosen = self.cleaned_data
        roles = ["current", "incoming"] if chosen["planned"] else ["current"]
        policy = {key: chosen[key] for key in ("carbon", "pue_assumed") if chosen[key] is not None}
        tables: list[tuple[str, Mapping[str, Any]]] = [
            ("[period]", {"days": chosen["days"], "replications": chosen["replications"]}),
            ("[network]", {"systems": roles}),
            ("[work]", {"load": chosen["load"]}),
        ]
        tables += [("[policy]", policy)] if policy else []
        tables += self._rules()
        tables += [("[[site]]", self._gigafactory())] if chosen["country"] else []
        tables += [("[[change]]", row) for row in self._closures()]
        lines = [f"name = {write_value(chosen['name'])}"]
        for header, row in tables:
            lines += ["", header, *(f"{key} = {write_value(value)}" for key, value in row.items())]
        return "\n".join(lines) + "\n"

    def _rules(self) -> list[tuple[str, Mapping[str, Any]]]:
        chosen = self.cleaned_data
        rules: dict[str, Any] = {"fair_share": True} if chosen["fair_share"] else {}
        if chosen["stops"]:
            rules |= {"device_hours_per_stop": round(DEVICE_HOURS_PER_STOP), "checkpoint_seconds": CHECKPOINT_SECONDS}
        tables: list[tuple[str, Mapping[str, Any]]] = [("[rules]", rules)] if rules else []
        tables += [("[accounts]", {"count": ACCOUNTS})] if chosen["fair_share"] else []
        if days := chosen["maintenance_days"]:
            first = min(float(days), chosen["days"] / 2)
            window = {"from_day": first, "hours": MAINTENANCE_HOURS, "every_days": float(days)}
            tables.append(("[[window]]", window))
        return tables

    def _gigafactory(self) -> dict[str, Any]:
        chosen = self.cleaned_data
        return {
            "id": OWN_SITE,
            "name": "Planned gigafactory",
            "country": chosen["country"],
            "accelerator": chosen["accelerator"],
            "devices": chosen["devices"],
            "opens_on_day": float(chosen["opens_on_day"] or 0),
            "basis": "assumed in the portal",
        }

    def _closures(self) -> list[dict[str, Any]]:
        chosen = self.cleaned_data
        days: dict[SiteId | str, tuple[int, int]] = {}
        if chosen["as_now"]:
            days |= dict.fromkeys(self.draining, (0, chosen["days"]))
        if chosen["closes"]:
            days[chosen["closes"]] = (chosen["closed_from_day"] or 0, chosen["closed_to_day"])
        return [
            {"site": str(site), "closed_from_day": float(start), "closed_to_day": float(end)}
            for site, (start, end) in days.items()
        ]


_FIRST = {
    "days": 28,
    "replications": 3,
    "load": 0.7,
    "accelerator": "GB300",
    "devices": 100_000,
    "seed": 1,
    "closed_from_day": 0,
}
