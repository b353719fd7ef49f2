"""Forms of access."""

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from fabrica.values.ids import ProjectId, SiteId
from fabrica.values.quantities import DeviceTime, check_resource_class

HOURS_MAX = 10**9 // 3600


class GrantForm(forms.Form):
    """What an operator grants: to whom, how much of what, where, until when."""

    project = forms.ChoiceField(label=_("Project"))
    resource_class = forms.CharField(
        label=_("Resource class"),
        max_length=40,
        widget=forms.TextInput(attrs={"list": "resource-classes", "autocomplete": "off"}),
        help_text=_("cpu.core, or for example gpu.h100"),
    )
    device_hours = forms.DecimalField(
        label=_("Device-hours"), min_value=0, max_value=HOURS_MAX, decimal_places=3, help_text=_("Hours of one device")
    )
    site = forms.ChoiceField(label=_("Where"), required=False)
    starts_on = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}), help_text=_("Empty: now")
    )
    ends_on = forms.DateField(label=_("Until, the day included"), widget=forms.DateInput(attrs={"type": "date"}))
    note = forms.CharField(label=_("Note"), max_length=300, required=False, help_text=_("The call or the decision"))

    def __init__(
        self,
        data: Mapping[str, Any] | None,
        *,
        project: str,
        projects: list[tuple[str, str]],
        sites: list[tuple[str, str]],
    ) -> None:
        super().__init__(data, initial={"project": project})
        self.fields["project"].choices = projects  # type: ignore[attr-defined]
        self.fields["site"].choices = [("", _("Any site of the network")), *sites]  # type: ignore[attr-defined]

    def clean_resource_class(self) -> str:
        try:
            return check_resource_class(self.cleaned_data["resource_class"])
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error

    def terms(self) -> dict[str, object]:
        """Return what was filled in as the verb takes it; a day starts and ends in UTC."""
        filled = self.cleaned_data
        starts_on = filled["starts_on"]
        return {
            "project": ProjectId.parse(filled["project"]),
            "amount": DeviceTime(int(filled["device_hours"] * 3_600_000), filled["resource_class"]),
            "site": SiteId.parse(filled["site"]) if filled["site"] else None,
            "starts_at": datetime.combine(starts_on, time.min, UTC) if starts_on else None,
            "ends_at": datetime.combine(filled["ends_on"], time.max, UTC),
            "note": filled["note"],
        }
