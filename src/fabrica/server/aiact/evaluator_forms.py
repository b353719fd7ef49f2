"""Forms of evaluations: whom a project invites, why somebody is withdrawn, and a log that is imported."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from fabrica.server.aiact.forms import BodyForm
from fabrica.wire.evaluations import TakeBack
from fabrica.wire.evaluators import (
    ACCESS_DAYS,
    ACCESS_DAYS_MAX,
    CODE_DAYS,
    CODE_DAYS_MAX,
    EvaluatorWithdrawal,
    NewEvaluator,
)


class InviteForm(BodyForm):
    """Whom a project's lead invites to one version, and what they may read beside its facts."""

    body = NewEvaluator
    name = forms.CharField(label=_("Body or person that evaluates"), max_length=200)
    independence = forms.CharField(
        label=_("Why they are independent"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Who pays them, and what they have to do with you. It stands in documents."),
    )
    contract = forms.CharField(label=_("Contract or mandate"), max_length=200, required=False)
    documents = forms.MultipleChoiceField(
        label=_("Issued documents they may read"), required=False, widget=forms.CheckboxSelectMultiple
    )
    code_days = forms.IntegerField(
        label=_("Days until the code ends"), min_value=1, max_value=CODE_DAYS_MAX, initial=CODE_DAYS
    )
    access_days = forms.IntegerField(
        label=_("Days they may see and report"), min_value=1, max_value=ACCESS_DAYS_MAX, initial=ACCESS_DAYS
    )

    def __init__(self, data: Mapping[str, Any] | None, *, documents: Iterable[tuple[str, str]]) -> None:
        super().__init__(data)
        choices = list(documents)
        self.fields["documents"].choices = choices  # type: ignore[attr-defined]
        if not choices:
            del self.fields["documents"]


class EvaluatorWithdrawalForm(BodyForm):
    """Why an evaluator sees nothing any more."""

    body = EvaluatorWithdrawal
    reason = forms.CharField(label=_("Because"), max_length=500)


class LogForm(forms.Form):
    """A log of an evaluation tool."""

    log = forms.FileField(
        label=_("Log file"),
        help_text=_(
            "Of Inspect AI .eval or .json; of MLflow what 'mlflow runs describe' prints, or a run's folder as ZIP"
        ),
        widget=forms.ClearableFileInput(attrs={"accept": ".eval,.json,.zip"}),
    )


class TakeBackForm(BodyForm):
    """Why an evaluation is evidence no more."""

    body = TakeBack
    reason = forms.CharField(label=_("Because"), max_length=500)
