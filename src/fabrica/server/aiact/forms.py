"""Forms of the AI Act desk."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, ClassVar, Self

from django import forms
from django.utils.translation import gettext_lazy as _
from pydantic import ValidationError

from fabrica.aiact.classify import classify
from fabrica.aiact.documents.shape import RECIPIENTS
from fabrica.reference.purposes import load_purposes
from fabrica.server.core import clock
from fabrica.wire.accounts import OutsideSource, SiteFactor
from fabrica.wire.aiact import DateBeforeAct
from fabrica.wire.bodies import Request
from fabrica.wire.issues import NewViewGrant
from fabrica.wire.systems import NewLineage, NewRelease, NewSystem, NewVersion, Withdrawal

LAST_YEAR = 2100
Choices = Iterable[tuple[str, str]]
_UNKNOWN_YES_NO = (("", _("Not known")), ("true", _("Yes")), ("false", _("No")))


class DayForm(forms.Form):
    """The day to ask for."""

    on = forms.DateField(label=_("As of"), required=False, widget=forms.DateInput(attrs={"type": "date"}))

    @classmethod
    def asked(cls, data: Mapping[str, Any]) -> Self:
        """Return the form with the day that an address asks for, else today."""
        return cls({"on": data.get("on") or clock.now().date().isoformat()})

    def clean_on(self) -> date:
        day: date = self.cleaned_data["on"] or clock.now().date()
        if day.year > LAST_YEAR:
            raise forms.ValidationError(_("The desk looks no further than %(year)d.") % {"year": LAST_YEAR})
        try:
            classify({}, day)
        except DateBeforeAct as problem:
            raise forms.ValidationError(str(problem)) from None
        return day

    @property
    def day(self) -> date:
        """Return the day to show: what was asked, or today where that is no day the desk knows."""
        return self.cleaned_data["on"] if self.is_valid() else clock.now().date()


class BodyForm(forms.Form):
    """A form whose fields make a body of the wire, which decides what is right. `told` is that body."""

    body: ClassVar[type[Request]]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if self.errors:
            return cleaned
        try:
            self.told: Any = self.body.model_validate(self.values(cleaned))
        except ValidationError as problem:
            for one in problem.errors(include_url=False):
                field = next((str(part) for part in one["loc"] if part in self.fields), None)
                self.add_error(field, one["msg"].removeprefix("Value error, "))
        return cleaned

    def values(self, cleaned: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what the body is made of: what was filled in."""
        return {name: value for name, value in cleaned.items() if value not in ("", None)}


def _day(label: Any, help_text: Any = "") -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"})
    return forms.DateField(label=label, required=False, widget=widget, help_text=help_text)


def _text(label: Any, rows: int, *, length: int, help_text: Any = "", required: bool = False) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": rows})
    return forms.CharField(label=label, required=required, max_length=length, widget=widget, help_text=help_text)


class SystemForm(BodyForm):
    """What a person registers, with its first version."""

    body = NewSystem
    project = forms.ChoiceField(label=_("Project"))
    name = forms.CharField(label=_("Name"), max_length=120)
    kind = forms.ChoiceField(
        label=_("What it is"),
        choices=(
            ("system", _("A system: an application people use")),
            ("model", _("A model: trained weights that go into systems")),
        ),
    )
    purpose = _text(_("What it is meant for"), 3, length=5000, help_text=_("The intended purpose, in your own words"))
    provider = forms.CharField(
        label=_("Provider"), max_length=200, required=False, help_text=_("Empty: the project's organisation")
    )
    deployer = forms.CharField(
        label=_("Deployer"), max_length=200, required=False, help_text=_("Who uses it under their own authority")
    )
    label = forms.CharField(label=_("First version"), max_length=40, initial="1.0")

    def __init__(self, data: Mapping[str, Any] | None, *, projects: Choices, name: str = "", kind: str = "") -> None:
        super().__init__(data, initial={"name": name, "kind": kind})
        self.fields["project"].choices = list(projects)  # type: ignore[attr-defined]

    def values(self, cleaned: Mapping[str, Any]) -> Mapping[str, Any]:
        told = dict(super().values(cleaned))
        label = told.pop("label")
        try:
            self.version = NewVersion(label=label)
        except ValidationError:
            self.add_error("label", _("Letters, digits and . + - _, beginning with a letter or digit."))
        return told


class VersionForm(BodyForm):
    """A new version of a system."""

    body = NewVersion
    label = forms.CharField(label=_("Version"), max_length=40, help_text=_("Such as 1.1"))
    changes = _text(_("What differs from the version before"), 3, length=5000)


class LineageForm(BodyForm):
    """What a version was made from: a version here, or a model from outside."""

    body = NewLineage
    relation = forms.ChoiceField(
        label=_("How"),
        choices=(
            ("finetuned_from", _("fine-tuned from")),
            ("continued_from", _("trained on from")),
            ("distilled_from", _("distilled from")),
            ("merged_from", _("merged from")),
        ),
    )
    parent = forms.ChoiceField(label=_("A version here"), required=False)
    name = forms.CharField(label=_("Or a model from outside"), max_length=120, required=False)
    source = forms.CharField(
        label=_("Taken from"), max_length=200, required=False, help_text=_("An address, or a registry and a name")
    )
    provider = forms.CharField(label=_("Its provider"), max_length=200, required=False)
    licence = forms.CharField(label=_("Its licence"), max_length=200, required=False)
    flop = forms.FloatField(
        label=_("Its training compute, FLOP"), required=False, min_value=0, help_text=_("Empty: unknown")
    )
    evidence = forms.CharField(label=_("Where that stands written"), max_length=200, required=False)
    systemic = forms.ChoiceField(label=_("A model with systemic risk"), choices=_UNKNOWN_YES_NO, required=False)

    def __init__(self, data: Mapping[str, Any] | None, *, versions: Choices) -> None:
        super().__init__(data)
        self.fields["parent"].choices = [("", _("None")), *versions]  # type: ignore[attr-defined]

    def values(self, cleaned: Mapping[str, Any]) -> Mapping[str, Any]:
        told = dict(super().values(cleaned))
        known = {name: told.pop(name) for name in ("relation", "parent") if name in told}
        return known | ({"outside": told} if told else {})


class RunForm(forms.Form):
    """A run of the project that belongs to a version."""

    run = forms.ChoiceField(label=_("Run"))

    def __init__(self, data: Mapping[str, Any] | None, *, runs: Choices) -> None:
        super().__init__(data)
        self.fields["run"].choices = list(runs)  # type: ignore[attr-defined]


class ReleaseForm(BodyForm):
    """The release of a version: its days, what it replaces, and what only a person can say of the change."""

    body = NewRelease
    market_on = _day(_("Placed on the market on"))
    service_on = _day(_("Or put into service on"))
    replaces = forms.ChoiceField(label=_("It replaces"), required=False)
    planned = forms.ChoiceField(
        label=_("The change was fixed in advance, and documented with the assessment"),
        choices=_UNKNOWN_YES_NO,
        required=False,
    )
    changes_purpose = forms.ChoiceField(
        label=_("The assessed intended purpose changes"), choices=_UNKNOWN_YES_NO, required=False
    )
    affects_compliance = forms.ChoiceField(
        label=_("It affects compliance with Chapter III, Section 2"), choices=_UNKNOWN_YES_NO, required=False
    )
    reason = _text(_("Why it is released although the check is open"), 2, length=2000)

    def __init__(self, data: Mapping[str, Any] | None, *, versions: Choices) -> None:
        super().__init__(data)
        self.fields["replaces"].choices = [("", _("None")), *versions]  # type: ignore[attr-defined]

    def values(self, cleaned: Mapping[str, Any]) -> Mapping[str, Any]:
        told = dict(super().values(cleaned))
        names = ("planned", "changes_purpose", "affects_compliance")
        return told | {"told": {name: told.pop(name) for name in names if name in told}}


class WithdrawForm(BodyForm):
    """From which day a version is off the market, and why."""

    body = Withdrawal
    on = forms.DateField(label=_("Off the market from"), widget=forms.DateInput(attrs={"type": "date"}))
    reason = _text(_("Why"), 2, length=2000, required=True)


class ViewForm(BodyForm):
    """Who, without being a member, may read what is issued for one recipient."""

    body = NewViewGrant
    email = forms.EmailField(label=_("E-mail address"))
    recipient = forms.ChoiceField(
        label=_("What is issued for"), choices=[(one, words) for one, words in RECIPIENTS.items() if one != "provider"]
    )


class SourceForm(BodyForm):
    """Compute that was spent outside of the network, with its evidence."""

    body = OutsideSource
    what = forms.CharField(label=_("What was computed"), max_length=200)
    tag = forms.ChoiceField(label=_("What for"))
    flop = forms.FloatField(
        label=_("FLOP"), required=False, min_value=0, help_text=_("Such as 4.2e19; empty: unknown, and it says so")
    )
    method = forms.CharField(label=_("How it was found"), max_length=200)
    reference = forms.CharField(
        label=_("Evidence"), max_length=200, help_text=_("Where it stands written: an address, a report, a file")
    )

    def __init__(self, data: Mapping[str, Any] | None, *, person: str, today: date) -> None:
        super().__init__(data)
        purposes = [(tag, _capital(one.words)) for tag, one in load_purposes().items()]
        self.fields["tag"].choices = [*purposes, ("initial_weights", _("The model it starts from"))]  # type: ignore[attr-defined]
        self.person, self.today = person, today

    def values(self, cleaned: Mapping[str, Any]) -> Mapping[str, Any]:
        told = dict(super().values(cleaned))
        evidence = {"reference": told.pop("reference"), "entered_by": self.person, "entered_on": self.today}
        return told | {"id": told["what"], "evidence": evidence}


class FactorForm(BodyForm):
    """The facility factor of a site of linked runs: with it, energy at the node becomes energy at the facility."""

    body = SiteFactor
    site = forms.ChoiceField(label=_("Site"))
    pue = forms.FloatField(
        label=_("Facility factor (PUE)"),
        min_value=1,
        max_value=5,
        help_text=_("Energy of the whole facility divided by that of its machines, such as 1.15"),
    )
    period = forms.CharField(label=_("Of which period"), max_length=200, help_text=_("Such as 2026, or November 2026"))
    source = forms.CharField(label=_("Where it stands written"), max_length=200)

    def __init__(self, data: Mapping[str, Any] | None, *, sites: Iterable[str]) -> None:
        super().__init__(data)
        self.fields["site"].choices = [(site, site) for site in sites]  # type: ignore[attr-defined]

    def values(self, cleaned: Mapping[str, Any]) -> Mapping[str, Any]:
        return {name: value for name, value in super().values(cleaned).items() if name != "site"}


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
