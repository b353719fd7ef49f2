"""How the form of a what-if is laid out: its parts, what each folds away, and which rows stand in it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django import forms
from django.utils.translation import gettext_lazy as _

from fabrica.server.planning.network_forms import NetworkForm
from fabrica.server.planning.network_rows import KINDS, Row, Words, is_told
from fabrica.server.planning.network_text import ROWS_MAX, TABLES


@dataclass(frozen=True, slots=True)
class Fold:
    """Fields that are asked for less often."""

    summary: Words
    fields: Sequence[forms.BoundField]

    @property
    def is_open(self) -> bool:
        """Whether something is told, or wrong, in it."""
        return any(field.errors or is_told(field.value()) for field in self.fields)


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of one list, and what adds another."""

    table: str
    rows: "forms.BaseFormSet[Row]"

    @property
    def another(self) -> Words:
        return KINDS[self.table].another

    @property
    def has_room(self) -> bool:
        return len(self.rows.forms) < ROWS_MAX


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the form."""

    key: str
    title: Words
    note: Words
    fields: Sequence[forms.BoundField] = ()
    folds: Sequence[Fold] = ()
    rows: Rows | None = None


def parts_of(form: NetworkForm) -> list[Part]:
    """Return the parts of a form, in the order in which they are filled in."""

    def fields(*names: str) -> list[forms.BoundField]:
        return [form[name] for name in names]

    def rows(table: str) -> Rows:
        return Rows(table, form.rows[table])

    work = Fold(
        _("More about the work"),
        fields("warm_up_days", "jobs", "largest_devices", "portable_share", "home_share", "description"),
    )
    levels = Fold(
        _("Levels, and jobs that make room"), fields("preemption", "saving_seconds", *reversed(TABLES["levels"]))
    )
    stops = Fold(_("More about failures"), fields("restart_seconds", "repair_seconds", "leaf_stop_share"))
    weights = Fold(_("Other weights"), fields("time_to_result", "balance", "risk", "movement"))
    return [
        Part(
            "work",
            _("How long, how much"),
            _("The work is made up, after published shapes."),
            fields("name", "days", "replications", "load", "seed"),
            [work],
        ),
        Part(
            "machines",
            _("Machines"),
            _("Those whose accelerators and their number are published."),
            fields("systems", "as_now"),
        ),
        Part("own", _("Gigafactories"), _("Sites that are not there yet."), rows=rows("site")),
        Part(
            "changes",
            _("Sites that change"),
            _("A site closes for a time, grows, or has leaves and pods: nodes that are near each other."),
            rows=rows("change"),
        ),
        Part(
            "windows",
            _("Maintenance and reservations"),
            _("Hours in which devices are out of use, or run the jobs of some accounts alone."),
            rows=rows("window"),
        ),
        Part(
            "queues",
            _("How sites start jobs"),
            _("Unless told otherwise as they come, and a small job may pass where the first waits no longer for it."),
            fields("fair_share", "count", "half_life_hours", "age_hours", "age_max_hours", "within_leaf"),
            [levels],
        ),
        Part(
            "accounts",
            _("Accounts"),
            _("Whose the work is: how unlike they are, and their grants. Account 1 has the most work."),
            fields("skew", "device_hours"),
            rows=rows("account"),
        ),
        Part(
            "failures",
            _("What fails"),
            _("Nodes fail by chance; their jobs go on from what they saved."),
            fields("device_hours_per_stop", "checkpoint_seconds"),
            [stops],
        ),
        Part(
            "broker",
            _("The broker"),
            _("Weights are 0 to 1, together at most 1. What stays empty shares what is left, as live."),
            fields("carbon", "pue_assumed"),
            [weights],
        ),
        Part("readers", _("Who reads it"), _("At first only you."), fields("project", "with_office")),
        Part(
            "rest",
            _("Everything else"),
            _("A scenario may hold more than these fields."),
            folds=[Fold(_("Other keys, as a file"), fields("rest"))],
        ),
    ]
