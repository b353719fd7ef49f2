"""Forms of the ledger."""

from django import forms
from django.utils.translation import gettext_lazy as _

from fabrica.server.ledger.rules import REASON_LENGTH_MAX

SECONDS_MAX = 10**12


class CorrectionForm(forms.Form):
    """What would be right, and why."""

    transfer = forms.CharField(label=_("Wrong transfer"), max_length=30, help_text=_("Its id, from the statement"))
    device_seconds = forms.DecimalField(
        label=_("Right amount in device-seconds"), min_value=0, max_value=SECONDS_MAX, decimal_places=3
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=REASON_LENGTH_MAX, help_text=_("It stands in the ledger for good.")
    )
