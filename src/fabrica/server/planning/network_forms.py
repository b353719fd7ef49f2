"""A what-if of the network, built from the live one: what is added and closes, how sites and the broker decide."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from fabrica.placement.snapshot import Weights
from fabrica.planning.answers.network import DAYS_MAX, JOBS_MAX, REPLICATIONS_MAX
from fabrica.planning.options import AGE_MAX_SECONDS, HALF_LIFE_SECONDS, HOUR_SECONDS, RESTART_SECONDS
from fabrica.planning.scenarios.reading import parse_scenario
from fabrica.planning.scenarios.scenario import NetworkPart, Period, Work
from fabrica.planning.training.goodput import DEVICE_HOURS_PER_STOP
from fabrica.server.planning import network_text
from fabrica.server.planning.forms import Mistake, SharingForm, as_file, mistakes_of, without_place
from fabrica.server.planning.network_faults import fault_of
from fabrica.server.planning.network_rows import Row, number, row_sets, sites_of, told, typed, whole
from fabrica.server.planning.network_text import Line, Opened
from fabrica.wire.people import Project
from fabrica.wire.planning import NetworkImpossible, ScenarioMalformed
from fabrica.wire.problems import FabricaError
from fabrica.wire.scenarios import NAME_CHARACTERS_MAX, SEED_MAX, TEXT_CHARACTERS_MAX
from fabrica.wire.sites import Site

ACCOUNTS = 200
"""Assumed, as the form says."""
_ROLES = (
    ("current", _("Machines that run today")),
    ("incoming", _("Machines that are planned")),
    ("upgrade", _("Upgrades that are planned")),
)


def _level(key: str, label: Any) -> forms.IntegerField:
    return whole(key, label, _("0 to 9. Empty: 0"))


def _weight(key: str, label: Any) -> forms.FloatField:
    return number(key, label, format_lazy(_("The live broker: {weight}"), weight=getattr(Weights(), key)))


class NetworkForm(SharingForm):
    """The questions that are asked of the network; what else a scenario may hold stands in a field as its file."""

    name = forms.CharField(label=_("Name"), max_length=NAME_CHARACTERS_MAX)
    days = whole("days", _("Days"), required=True, max_value=DAYS_MAX)
    replications = whole(
        "replications",
        _("Replications"),
        _("Three or more give an interval"),
        required=True,
        max_value=REPLICATIONS_MAX,
    )
    load = number("load", _("Load"), _("Of the time of the devices that the work would fill"), required=True)
    seed = forms.IntegerField(
        label=_("Seed"),
        min_value=0,
        max_value=SEED_MAX,
        help_text=_("Two scenarios of one seed get the same work, so that they compare"),
    )
    warm_up_days = whole(
        "warm_up_days",
        _("Days of warm-up"),
        _("They fill the machines and are not counted. Empty: 7"),
        max_value=DAYS_MAX,
    )
    jobs = whole("jobs", _("How many jobs"), _("Empty: as many as the published shapes make"), max_value=JOBS_MAX)
    largest_devices = whole(
        "largest_devices", _("Devices of the largest job"), _("Empty: half of the largest partition it may use")
    )
    portable_share = number(
        "portable_share",
        _("Share of jobs for any accelerator"),
        _("0 to 1. Empty: every job asks for one kind, as today"),
    )
    home_share = number("home_share", _("Share of jobs for any accelerator of one country"), _("0 to 1. Empty: 0"))
    description = forms.CharField(
        label=_("What it is about"),
        required=False,
        max_length=TEXT_CHARACTERS_MAX,
        widget=forms.Textarea(attrs={"rows": 2}),
        strip=False,
        help_text=_("Stands in the report"),
    )

    systems = forms.MultipleChoiceField(
        label=_("Which machines"), choices=_ROLES, required=False, widget=forms.CheckboxSelectMultiple
    )
    as_now = forms.BooleanField(label=_("Sites that take no new runs now stay closed"), required=False)

    fair_share = forms.BooleanField(
        label=_("Sites share fairly"),
        required=False,
        help_text=_("Queues are ordered by what accounts used"),
    )
    count = whole(
        "count", _("Accounts"), _("Whose the work is. Empty: 200, assumed, where something is shared or reserved")
    )
    half_life_hours = number(
        "half_life_hours",
        _("Hours until usage counts half"),
        format_lazy(_("0: it never fades. Empty: {hours}"), hours=HALF_LIFE_SECONDS // HOUR_SECONDS),
    )
    age_hours = number(
        "age_hours",
        _("Hours of waiting that halve usage"),
        _("After each of them usage counts half for a job, so that nobody waits for ever. Empty: age does not count"),
    )
    age_max_hours = number(
        "age_max_hours",
        _("Hours of waiting that count at most"),
        format_lazy(_("Empty: {hours}"), hours=AGE_MAX_SECONDS // HOUR_SECONDS),
    )
    within_leaf = forms.BooleanField(
        label=_("Jobs keep within leaves"),
        required=False,
        help_text=_("They wait until they can be given as few leaves as they need"),
    )
    skew = number(
        "skew", _("Skew between accounts"), _("0: all are alike; 1: the second has half of the first. Empty: 1")
    )
    device_hours = number("device_hours", _("Grant of each account in device-hours"), _("Empty: no bound"))
    preemption = forms.BooleanField(
        label=_("Jobs of a lower level make room"), required=False, help_text=_("They save, and go on later")
    )
    saving_seconds = whole("saving_seconds", _("Seconds that they save"), _("Empty: 120"))
    services = _level("services", _("Level of inference services"))
    pretraining = _level("pretraining", _("Level of pretraining"))
    fine_tuning = _level("fine_tuning", _("Level of fine-tuning"))
    experiments = _level("experiments", _("Level of experiments"))
    tests = _level("tests", _("Level of tests"))

    device_hours_per_stop = number(
        "device_hours_per_stop",
        _("Device-hours until a node fails"),
        format_lazy(_("Published: {hours}. Empty: none fails"), hours=f"{DEVICE_HOURS_PER_STOP:,.0f}"),
    )
    checkpoint_seconds = whole(
        "checkpoint_seconds",
        _("Seconds between checkpoints"),
        _("Such as 3600. Empty: a stopped job begins again"),
    )
    restart_seconds = whole(
        "restart_seconds", _("Seconds of a restart"), format_lazy(_("Empty: {seconds}"), seconds=RESTART_SECONDS)
    )
    repair_seconds = whole("repair_seconds", _("Seconds of a repair"), _("Empty: a day, assumed"))
    leaf_stop_share = number("leaf_stop_share", _("Share of failures that take a whole leaf"), _("0 to 1. Empty: none"))

    time_to_result = _weight("time_to_result", _("Weight of the time to a result"))
    carbon = _weight("carbon", _("Weight of carbon"))
    balance = _weight("balance", _("Weight of balance"))
    risk = _weight("risk", _("Weight of risk"))
    movement = _weight("movement", _("Weight of moving data"))
    pue_assumed = number("pue_assumed", _("Cooling to assume (PUE)"), _("Empty: as the live broker assumes"))

    rest = forms.CharField(
        label=_("Other keys, as TOML"),
        required=False,
        max_length=TEXT_CHARACTERS_MAX,
        widget=forms.Textarea(attrs={"rows": 8, "class": "mono", "spellcheck": "false"}),
        strip=False,
        help_text=_("What the fields do not show, such as [network] without. Comments are not kept"),
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None,
        *,
        projects: Sequence[Project],
        sites: Sequence[Site],
        begun: Opened | None = None,
    ) -> None:
        """Make the form; an empty one begins with `begun`, else with the network as it is."""
        opened = {**dict.fromkeys(self.base_fields), **_UNTOLD, **begun.fields, "rest": begun.rest} if begun else _FIRST
        super().__init__(data, projects=projects, initial=opened)
        self.rows = row_sets(data, begun.rows if begun else {})
        self.draining = [str(site.id) for site in sites if site.draining]

    def clean_description(self) -> str:
        return as_file(self.cleaned_data["description"])

    def clean_rest(self) -> str:
        """Read the other keys as the workshop does, so that a mistake has its line in them."""
        text = as_file(self.cleaned_data["rest"])
        try:
            parse_scenario(text, str(_("Other keys")))
        except ScenarioMalformed as problem:
            raise forms.ValidationError(str(problem)) from None
        key = network_text.doubled(tomllib.loads(text))
        if key is not None:
            raise forms.ValidationError(_("%(key)s has a field of its own. Write it there."), params={"key": key})
        return text

    def clean(self) -> dict[str, Any]:
        """Ask for what belongs together in the rules of sites."""
        filled = super().clean() or self.cleaned_data
        if filled.get("age_hours") and not filled.get("fair_share"):
            self.add_error(
                "age_hours", _problem(_("Let sites share fairly too: age weighs against what accounts used."))
            )
        if filled.get("fair_share") and filled.get("count") == 1:
            self.add_error("count", _problem(_("Give two or more, to share between.")))
        levels = {filled.get(key) or 0 for key in network_text.TABLES["levels"]}
        if filled.get("preemption") and len(levels) == 1:
            self.add_error(
                "preemption", _problem(_("Give one kind of jobs a higher level, such as 1 to inference services."))
            )
        return filled

    def is_valid(self) -> bool:
        """Return whether all fields are right, those of rows too, and go together."""
        each = [super().is_valid(), *(rows.is_valid() for rows in self.rows.values())]
        if not all(each):
            return False
        self._check_leaves()
        self._check_accounts()
        if not self.mistakes and len(self.text()) > TEXT_CHARACTERS_MAX:
            self.add_error(None, _problem(_("The scenario is longer than a server keeps. Use the command.")))
        return not self.mistakes

    def _check_leaves(self) -> None:
        if any(row.cleaned_data.get("leaf_nodes") for table in ("site", "change") for row in self.rows[table]):
            return
        words = _("Say how many nodes a leaf has, of a gigafactory or of a site that changes.")
        for key in ("within_leaf", "leaf_stop_share"):
            if self.cleaned_data[key]:
                self.add_error(key, _problem(words))

    def _check_accounts(self) -> None:
        most = self._accounts()
        beyond = forms.ValidationError(_("There are the accounts 1 to %(most)s."), params={"most": most})
        for row in self._told_rows("window"):
            if max(row.cleaned_data["accounts"], default=0) > most:
                row.add_error("accounts", beyond)
        for row in self._told_rows("account"):
            if row.cleaned_data["name"] > most:
                row.add_error("name", beyond)

    def _accounts(self) -> int:
        """Return how many accounts there are: as told, some where something is told of accounts, else one."""
        filled = self.cleaned_data
        named = [
            *self._told_rows("account"),
            *(row for row in self._told_rows("window") if row.cleaned_data["accounts"]),
        ]
        asked = filled["fair_share"] or filled["device_hours"] is not None or named
        return filled["count"] or (ACCOUNTS if asked else 1)

    def _told_rows(self, table: str) -> list[Row]:
        return [row for row in self.rows[table] if row.has_changed()]

    @property
    def mistakes(self) -> list[Mistake]:
        """What is wrong, in rows too."""
        found = super().mistakes
        for rows in self.rows.values():
            found += [Mistake("", "", str(problem)) for problem in rows.non_form_errors()]
            for place, row in enumerate(rows, 1):
                found += mistakes_of(row, f"{row.title} {place}")
        return found

    def text(self) -> str:
        """Return the scenario as the file that the command reads."""
        return network_text.written(self._lines())

    def _lines(self) -> list[Line]:
        filled = told(self.cleaned_data)
        shown: dict[str, Any] = {key: filled[key] for key in network_text.TOP if key in filled}
        accounts = self._accounts()
        filled |= {"systems": self.cleaned_data["systems"]}
        filled |= {"count": accounts} if accounts > 1 or "count" in filled else {}
        for table, keys in network_text.TABLES.items():
            given = {key: filled[key] for key in keys if key in filled}
            shown |= {table: given} if given else {}
        for table in self.rows:
            shown[table] = [row.row for row in self._told_rows(table)]
        shown["change"] += self._closed_now(shown["change"])
        return network_text.write_lines(network_text.merged(shown, tomllib.loads(self.cleaned_data["rest"])))

    def _closed_now(self, changes: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
        """Yield closures of sites that take no new runs now, but of those whose closure is told."""
        open_ones = sites_of(self.cleaned_data["systems"]) - {
            one["site"] for one in changes if "closed_from_day" in one
        }
        for site in self.draining if self.cleaned_data["as_now"] else ():
            if site in open_ones:
                yield {"site": site, "closed_from_day": 0, "closed_to_day": self.cleaned_data["days"]}

    def tell(self, problem: FabricaError) -> None:
        """Tell why the scenario was not saved: at the field that its mistake comes from, else above."""
        at = self._place_of(problem)
        rows = self._told_rows(at.table) if at and at.table in self.rows else []
        if at and at.number < len(rows):
            row = rows[at.number]
            row.add_error(row.field_of(at.key), _words_of(problem))
        elif at and at.table in network_text.TABLES:
            keys = [at.key, *(key for key in network_text.TABLES[at.table] if self.cleaned_data[key] is not None)]
            self.add_error(next((key for key in keys if key in self.fields), None), _words_of(problem))
        else:
            self.add_error(None, _words_of(problem))

    def _place_of(self, problem: FabricaError) -> Line | None:
        """Return the line of the file that a problem comes from; None: it is not known."""
        if isinstance(problem, NetworkImpossible):
            return fault_of(parse_scenario(self.text()), problem)
        line = problem.facts.get("line")
        return self._lines()[line - 1] if line else None

    def sent(self) -> Opened:
        """Return what was sent, right or wrong, as a form begins with it."""
        rows = {table: [typed(row) for row in rows] for table, rows in self.rows.items()}
        fields = typed(self)
        return Opened(fields, rows, fields["rest"])


def _problem(words: Any) -> forms.ValidationError:
    return forms.ValidationError(words)


def _words_of(problem: FabricaError) -> str:
    return without_place(problem) if "line" in problem.facts else str(problem)


_FIRST = {"days": 28, "replications": 3, "load": 0.7, "seed": 1, "systems": ["current"]}
_UNTOLD = {
    "days": Period().days,
    "replications": Period().replications,
    "load": Work().load,
    "systems": list(NetworkPart().systems),
    "count": 1,
    "seed": 1,
}
"""What a scenario means that does not tell it."""
