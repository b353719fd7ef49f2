"""Rows of a what-if's form: gigafactories, sites that change, maintenance and reservations, accounts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Any, ClassVar, NamedTuple

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from fabrica.planning.network.partitions import known_partitions
from fabrica.planning.scenarios.limits import LIMITS
from fabrica.reference.accelerators import accelerator_of, load_accelerators
from fabrica.reference.countries import CODES
from fabrica.reference.grid import load_grid
from fabrica.server.planning.network_text import ROWS_MAX, Opened, account_name, account_number

OWN_SITE = "planned-gigafactory"
_BETWEEN = "|"
"""Stands between a site and its partition where one choice means both."""
_LONGEST = 2_000
_LEAF = _("One leaf switch, rail group or rack of linked devices. Empty: no leaves")
_POD = _("Empty: leaves stand side by side")
_GRID = _("Empty: as is known of it")

Words = str | Promise


def number(key: str, label: Words, help_text: Words = "", **options: Any) -> forms.FloatField:
    """Return a field of a number that a scenario limits; empty where it is not told."""
    least, most = LIMITS[key]
    limits = {"min_value": least, "max_value": most, "required": False}
    return forms.FloatField(label=label, help_text=help_text, **limits | options)  # type: ignore[arg-type]  # of a field


def whole(key: str, label: Words, help_text: Words = "", **options: Any) -> forms.IntegerField:
    """Return a field of a whole number that a scenario limits; empty where it is not told."""
    least, most = LIMITS[key]
    limits = {"min_value": int(least), "max_value": int(most), "required": False}
    return forms.IntegerField(label=label, help_text=help_text, **limits | options)  # type: ignore[arg-type]  # of a field


def is_told(value: object) -> bool:
    """Return whether something was filled in or ticked; a nought is something."""
    return value is not None and value is not False and value != ""


def told(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was filled in or ticked, whole numbers as such."""
    return {key: _plain(value) for key, value in values.items() if is_told(value)}


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def known_places() -> list[tuple[str, str]]:
    """Return the sites whose accelerators are published with their number, and partitions where there are several."""
    partitions, _left_out = known_partitions(("current", "incoming", "upgrade"))
    places = []
    for site, name in sorted(
        {one.site: one.site_name for one in partitions}.items(), key=lambda one: one[1].casefold()
    ):
        own = [one.name for one in partitions if one.site == site]
        places.append((site, name))
        places += [(f"{site}{_BETWEEN}{one}", f"{name}: {one}") for one in own if len(own) > 1]
    return places


def sites_of(roles: Sequence[str]) -> set[str]:
    """Return the sites that have machines in these roles, as far as their number is published."""
    return {one.site for one in known_partitions(roles)[0]}


class Row(forms.Form):
    """One row: one table of a list in a scenario's file. A row that nothing was filled in is none."""

    title: ClassVar[Words]
    another: ClassVar[Words]
    fold: ClassVar[Words] = ""
    folded: ClassVar[Sequence[str]] = ()
    shown_empty: ClassVar[int] = 1

    def __init__(self, *args: Any, places: Sequence[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options | {"empty_permitted": True})
        self.sites = [value for value, _name in places if _BETWEEN not in value]
        if "place" in self.fields:
            now = self["place"].value() or ""
            there = [*self._nowhere(), *places]
            unknown = [] if now in [value for value, _name in there] else [(now, now)]
            self.fields["place"].choices = [*there, *unknown]  # type: ignore[attr-defined]

    def _nowhere(self) -> list[tuple[str, Words]]:
        return [("", _("none"))]

    @classmethod
    def shown(cls, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return a table of the file as the fields show it."""
        shown = dict.fromkeys(cls.base_fields) | dict(row)
        if "place" in shown:
            shown["place"] = _BETWEEN.join(filter(None, (row.get("site"), row.get("partition"))))
        return shown

    @property
    def row(self) -> dict[str, Any]:
        """Return the row as a table of the file."""
        row = told(self.cleaned_data)
        site, _between, partition = row.pop("place", "").partition(_BETWEEN)
        return told({"site": site, "partition": partition}) | row

    def clean_place(self) -> str:
        place = str(self.cleaned_data["place"])
        if place and place.partition(_BETWEEN)[0] not in self.sites:
            raise forms.ValidationError(_("There is no such site here. Choose one of the list."))
        return place

    def field_of(self, key: str) -> str:
        """Return the field that shows a key; of one without a field the first that is seen."""
        if key in self.fields:
            return key
        return next(field.name for field in self.visible_fields())

    @property
    def plain(self) -> list[forms.BoundField]:
        """Return the fields that are seen at once."""
        return [field for field in self if field.name not in self.folded]

    @property
    def rarer(self) -> list[forms.BoundField]:
        """Return the fields that are folded away."""
        return [self[name] for name in self.folded]

    @property
    def is_told(self) -> bool:
        """Whether somebody filled in something, so that it can be removed."""
        return any(is_told(field.value()) and field.value() != field.field.initial for field in self.visible_fields())

    @property
    def is_open(self) -> bool:
        """Whether something is told, or wrong, in what is folded away."""
        return any(
            field.errors or (is_told(field.value()) and field.value() != field.field.initial) for field in self.rarer
        )


class SiteRow(Row):
    """A gigafactory, or another site of the scenario's own."""

    title, another = _("Gigafactory"), _("Add a gigafactory")
    fold = _("Nodes, leaves, pods and power")
    folded = ("node_devices", "leaf_nodes", "pod_leaves", "pue", "gco2e_per_kwh", "eur_per_kwh", "basis")

    id = forms.CharField(widget=forms.HiddenInput, max_length=_LONGEST)
    country = forms.ChoiceField(label=_("A gigafactory in"))
    name = forms.CharField(label=_("Its name"), required=False, max_length=_LONGEST, initial=_("Planned gigafactory"))
    accelerator = forms.ChoiceField(label=_("With accelerators of"), initial="GB300")
    devices = whole(
        "devices", _("How many devices"), _("Empty: as the programme plans for a gigafactory"), initial=100_000
    )
    opens_on_day = number("opens_on_day", _("Opens on day"))
    node_devices = whole("node_devices", _("Devices of a node"), _("Empty: 4"))
    leaf_nodes = whole("leaf_nodes", _("Nodes of a leaf"), _LEAF)
    pod_leaves = whole("pod_leaves", _("Leaves of a pod"), _POD)
    pue = number("pue", _("Cooling (PUE)"), _("Empty: not known"))
    gco2e_per_kwh = number("gco2e_per_kwh", _("Carbon, g CO2e a kWh"), _("Empty: of its country"))
    eur_per_kwh = number("eur_per_kwh", _("Price, EUR a kWh"), _("Empty: of its country, where that is published"))
    basis = forms.CharField(
        label=_("What its figures rest on"),
        max_length=_LONGEST,
        initial="assumed in the portal",
        help_text=_("Stands in the report"),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        names = {code: one.name for code, one in load_grid().countries.items()}
        countries = sorted(names.items(), key=lambda one: one[1])
        country, kind = (self[name].value() or "" for name in ("country", "accelerator"))
        unknown = [(country, country)] if country in CODES and country not in names else []
        kinds = dict.fromkeys([*load_accelerators(), *([kind] if accelerator_of(kind) else [])])
        self.fields["country"].choices = [("", _("none")), *countries, *unknown]  # type: ignore[attr-defined]
        self.fields["accelerator"].choices = [(key, key) for key in kinds]  # type: ignore[attr-defined]

    def has_changed(self) -> bool:
        return any(name != "id" for name in self.changed_data)  # which nobody fills in

    def clean(self) -> dict[str, Any]:
        """Ask for leaves where there are pods."""
        filled = super().clean() or self.cleaned_data
        if filled.get("pod_leaves") and "leaf_nodes" not in self.errors and not filled.get("leaf_nodes"):
            self.add_error("leaf_nodes", forms.ValidationError(_("Say how many nodes a leaf has, such as 18.")))
        return filled


class ChangeRow(Row):
    """What is otherwise at a site that there is."""

    title, another = _("Site that changes"), _("Add a site that changes")
    fold = _("Devices, leaves, pods and power")
    folded = ("devices", "leaf_nodes", "pod_leaves", "pue", "gco2e_per_kwh", "eur_per_kwh")

    place = forms.ChoiceField(label=_("This site changes"))
    closed_from_day = number("closed_from_day", _("Closes on day"))
    closed_to_day = number("closed_to_day", _("Opens again on day"))
    devices = whole("devices", _("How many devices"), _("Of one partition. Empty: as many as now"))
    leaf_nodes = whole("leaf_nodes", _("Nodes of a leaf"), _LEAF)
    pod_leaves = whole("pod_leaves", _("Leaves of a pod"), _POD)
    pue = number("pue", _("Cooling (PUE)"), _GRID)
    gco2e_per_kwh = number("gco2e_per_kwh", _("Carbon, g CO2e a kWh"), _GRID)
    eur_per_kwh = number("eur_per_kwh", _("Price, EUR a kWh"), _GRID)

    def clean(self) -> dict[str, Any]:
        """Ask for both days of a closure, one after the other."""
        filled = super().clean() or self.cleaned_data
        if self.errors:
            return filled
        start, end = filled["closed_from_day"], filled["closed_to_day"]
        if start is None and end is not None:
            filled["closed_from_day"] = start = 0.0
        if start is not None and (end is None or end <= start):
            self.add_error("closed_to_day", forms.ValidationError(_("Give a day after the first.")))
        return filled


class WindowRow(Row):
    """Hours in which devices are out of use, or reserved for accounts."""

    title, another = _("Maintenance or reservation"), _("Add maintenance or a reservation")

    place = forms.ChoiceField(label=_("Where"), required=False)
    from_day = number("from_day", _("From day"), required=True)
    hours = number("hours", _("For so many hours"), required=True)
    every_days = number("every_days", _("Again after so many days"), _("Empty: once"))
    devices = whole("devices", _("How many devices"), _("Empty: all"))
    accounts = forms.CharField(
        label=_("Reserved for accounts"),
        required=False,
        max_length=_LONGEST,
        help_text=_("Their numbers, such as 1, 2; 1 is the largest. Empty: for nobody, which is maintenance"),
    )

    def _nowhere(self) -> list[tuple[str, Words]]:
        return [("", _("every site"))]

    @classmethod
    def shown(cls, row: Mapping[str, Any]) -> dict[str, Any]:
        numbers = (account_number(name) for name in row.get("accounts", ()))
        return super().shown(row) | {"accounts": ", ".join(map(str, numbers))}

    @property
    def row(self) -> dict[str, Any]:
        row = super().row
        names = [account_name(one) for one in row.pop("accounts", ())]
        return row | ({"accounts": names} if names else {})

    def clean_accounts(self) -> list[int]:
        names = [one.strip() for one in self.cleaned_data["accounts"].split(",")]
        found = [account_number(account_name(int(one))) if one.isdecimal() else None for one in filter(None, names)]
        if None in found:
            raise forms.ValidationError(_("Write the numbers of accounts with commas between them, such as 1, 2."))
        return [one for one in found if one is not None]


class AccountRow(Row):
    """What is otherwise for one account."""

    title, another = _("Account of its own"), _("Add an account")
    shown_empty = 0

    name = whole("count", _("Number of the account"), _("1 is the largest"), required=True)
    share = number("share", _("Its share"), _("Where sites share fairly. Empty: 1, as the others"))
    device_hours = number("device_hours", _("Its grant in device-hours"), _("Empty: as the others"))

    @classmethod
    def shown(cls, row: Mapping[str, Any]) -> dict[str, Any]:
        return super().shown(row) | {"name": account_number(row["name"])}

    @property
    def row(self) -> dict[str, Any]:
        row = super().row
        return row | {"name": account_name(row["name"])}


KINDS: Mapping[str, type[Row]] = {"site": SiteRow, "change": ChangeRow, "window": WindowRow, "account": AccountRow}
RowSets = Mapping[str, "forms.BaseFormSet[Row]"]
_SETS: Mapping[str, "type[forms.BaseFormSet[Row]]"] = {
    table: forms.formset_factory(kind, extra=0, min_num=kind.shown_empty, max_num=ROWS_MAX, absolute_max=ROWS_MAX)
    for table, kind in KINDS.items()
}


def row_sets(data: Mapping[str, Any] | None, begun: Mapping[str, Sequence[Mapping[str, Any]]]) -> RowSets:
    """Return the rows of each list: as they were sent, or to begin with."""
    sites = [*begun.get("site", ()), *([] if begun.get("site") else [{}])]
    for number, row in enumerate(sites):
        sites[number] = row if row.get("id") else {**row, "id": _free_id(row.get("id") for row in sites)}
    made = {"site": _SETS["site"](data, prefix="site", initial=sites, form_kwargs={"places": ()})}
    places = [*known_places(), *_own_places(made["site"])]
    for table in ("change", "window", "account"):
        initial = list(begun.get(table, ()))
        made[table] = _SETS[table](data, prefix=table, initial=initial, form_kwargs={"places": places})
    return made


def _free_id(taken: Iterable[str | None]) -> str:
    known = set(taken)
    ids = (f"{OWN_SITE}-{number}" if number > 1 else OWN_SITE for number in count(1))
    return next(one for one in ids if one not in known)


def _own_places(sites: "forms.BaseFormSet[Row]") -> list[tuple[str, str]]:
    """Return the scenario's own sites, which change and are reserved as the others."""
    own = [(str(row["id"].value() or ""), str(row["name"].value() or "")) for row in sites.forms]
    return [(key, f"{name} ({key})" if len(own) > 1 and name else name or key) for key, name in own if key]


def as_fields(opened: Opened) -> Opened:
    """Return an opened scenario with its rows as their fields show them."""
    rows = {table: [KINDS[table].shown(row) for row in rows] for table, rows in opened.rows.items()}
    return replace(opened, rows=rows)


def typed(form: forms.Form) -> dict[str, Any]:
    """Return what was sent in each field, right or wrong, as a form begins with it."""
    return {
        name: field.widget.value_from_datadict(form.data, {}, form.add_prefix(name))
        for name, field in form.fields.items()
    }


class RowChange(NamedTuple):
    """A button for rows that was pressed: one more in a list, or less the one of a number."""

    table: str
    number: int | None


def change_of(data: Mapping[str, Any]) -> RowChange | None:
    """Return which rows are to be more or less; None: none, for something else was pressed."""
    more, (less, _dash, at) = str(data.get("more")), str(data.get("less")).partition("-")
    if more in KINDS:
        return RowChange(more, None)
    return RowChange(less, int(at)) if less in KINDS and at.isdecimal() else None


def changed(
    rows: Mapping[str, Sequence[Mapping[str, Any]]], change: RowChange
) -> dict[str, Sequence[Mapping[str, Any]]]:
    """Return rows with one more that is empty, or without one."""
    own = [row for at, row in enumerate(rows[change.table]) if at != change.number]
    return {**rows, change.table: [*own, {}] if change.number is None else own}


def give_focus(rows: RowSets, change: RowChange) -> None:
    """Let a new row have the focus."""
    if change.number is None:
        rows[change.table].forms[-1].visible_fields()[0].field.widget.attrs["autofocus"] = True
