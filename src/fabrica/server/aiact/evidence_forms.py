"""Forms of typed evidence: the rows of one kind with its own fields, where they stand written, and of which day."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from fabrica.aiact.documents.layout import SOURCE_CLASSES, FieldOf, kinds
from fabrica.aiact.documents.row_files import BYTES_MAX, read_rows, typed_value
from fabrica.aiact.documents.text import show_value
from fabrica.wire.documents import DocumentAnswersWrong

ROWS_TYPED_MAX = 50
"""More rows are loaded from a file."""
LISTED = ("dataset", "run")
"""Fields that name a thing of which others are known: the page offers those names, and takes any other."""


class SaidForm(forms.Form):
    """Who says it in which function, where it stands written, and which day that tells of."""

    function = forms.CharField(
        label=_("You say this as"), max_length=200, widget=forms.TextInput(attrs={"placeholder": _("Head of Models")})
    )
    source = forms.CharField(
        label=_("Where it stands written"),
        max_length=200,
        required=False,
        help_text=_("A contract, a report, a register, an address. Of a file, its name where you leave this empty."),
    )
    on = forms.DateField(
        label=_("As of which day"),
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("The day that the source tells of, not later than today"),
    )
    file = forms.FileField(
        label=_("Or load the rows from a file"),
        required=False,
        help_text=_("CSV with the fields in its first line, YAML or JSON. It takes the place of what is typed."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.tsv,.yaml,.yml,.json"}),
    )

    def __init__(self, data: Mapping[str, Any] | None, files: Any, *, kind: str, initial: Mapping[str, Any]) -> None:
        super().__init__(data, files, initial=dict(initial))
        self.kind = kind

    def clean_file(self) -> Sequence[Mapping[str, Any]] | None:
        """Return the rows of the file, or none where there is no file."""
        file: UploadedFile[Any] | None = self.cleaned_data["file"]
        if file is None:
            return None
        self.file_name = file.name or ""
        try:
            return read_rows(self.kind, file.read(BYTES_MAX + 1), self.file_name)
        except DocumentAnswersWrong as wrong:
            raise forms.ValidationError(str(wrong)) from None

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not cleaned.get("source"):
            cleaned["source"] = getattr(self, "file_name", "")[:200]
            if not cleaned["source"] and not self.errors:
                self.add_error("source", _("Say where it stands written."))
        return cleaned


class RowForm(forms.Form):
    """One row of a kind; each field is optional, and a star marks what a row must tell to count."""

    def __init__(self, *args: Any, kind: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.shape = kinds()[kind].fields
        for name, shape in self.shape.items():
            self.fields[name] = _field(kind, name, shape)

    @property
    def row(self) -> dict[str, Any]:
        """Return what was filled in, by field."""
        return {
            name: value if isinstance(value, date) else typed_value(self.shape[name], value)
            for name, value in self.cleaned_data.items()
            if value not in (None, "") and name in self.shape
        }


def _field(kind: str, name: str, shape: FieldOf) -> forms.Field:
    label = f"{shape.words} *" if shape.required else shape.words
    if kind == "data.prov" and name == "source_class":
        return forms.ChoiceField(label=label, required=False, choices=[("", _("Not told")), *SOURCE_CLASSES.items()])
    if shape.kind == "day":
        widget = forms.DateInput(attrs={"type": "date"})
        return forms.DateField(label=label, required=False, widget=widget)
    if shape.kind == "number":
        return forms.CharField(
            label=label, required=False, max_length=40, widget=forms.TextInput(attrs={"inputmode": "decimal"})
        )
    if name in LISTED:
        listed = forms.TextInput(attrs={"list": f"known-{name}", "autocomplete": "off"})
        return forms.CharField(label=label, required=False, max_length=200, widget=listed)
    return forms.CharField(label=label, required=False, max_length=20_000, widget=forms.Textarea(attrs={"rows": 1}))


RowForms = forms.formset_factory(RowForm, extra=0, min_num=1, max_num=ROWS_TYPED_MAX, absolute_max=ROWS_TYPED_MAX + 1)


def as_typed(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a stored row as its form shows it."""
    return {
        name: value if isinstance(value, int | float) and not isinstance(value, bool) else show_value(value)
        for name, value in row.items()
    }
