"""Forms of people."""

from django import forms
from django.utils.translation import gettext_lazy as _

from fabrica.server.people.rules import TOKEN_DAYS_MAX


class TokenForm(forms.Form):
    """What an access token is called, and how long it works."""

    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("Where it is used, for your own list: for example laptop")
    )
    days = forms.IntegerField(
        label=_("Days it works"), min_value=1, max_value=TOKEN_DAYS_MAX, initial=90, help_text=_("At most 366")
    )
