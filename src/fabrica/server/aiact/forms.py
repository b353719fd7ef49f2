"""Forms of the AI Act desk."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Self

from django import forms
from django.utils.translation import gettext_lazy as _

from fabrica.aiact.classify import classify
from fabrica.server.core import clock
from fabrica.wire.aiact import DateBeforeAct

LAST_YEAR = 2100


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
