"""How bodies look in a terminal: placement, end of a run, lists, balance."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import click

from fabrica.cli.output import print_table, print_text, say
from fabrica.values.quantities import DeviceTime, show_bytes
from fabrica.values.time import show_duration

if TYPE_CHECKING:
    from fabrica.values.ids import SiteId
    from fabrica.wire.access import Allocation
    from fabrica.wire.ledger import Statement
    from fabrica.wire.placement import Candidate, Placement
    from fabrica.wire.runs import DryRun, MetricRule, Run, RunList, Usage
    from fabrica.wire.sites import Site

_MARKS = {"succeeded": "✓", "failed": "✗", "timed_out": "✗", "cancelled": "–", "running": "▶"}


Detail = Literal["briefly", "whom it may go to", "everyone"]
"""Of whom a placement tells every reason and input; of the others only what refuses them."""


def placement(decision: "Placement", detail: Detail = "briefly", *, aside: bool = False) -> None:
    """Show who could take the run and why, the winner first; `aside`: on stderr, where the answer is another one.

    Where the run names sites, all others are one line; where it names none, those that never had an agent, unless
    everyone is asked for.
    """
    rows = []
    unnamed = {one.site for one in decision.candidates if one.unnamed}
    one_line = not unnamed and detail != "everyone"
    silent = {one.site for one in decision.candidates if one_line and one.never_connected}
    shown = (one for one in decision.candidates if one.site not in unnamed | silent)
    ordered = sorted(shown, key=lambda one: (one.rank or 10**6, one.site, one.partition))
    for candidate in ordered:
        mark = "→" if (candidate.site, candidate.partition) == (decision.chosen, decision.chosen_partition) else ""
        name = candidate.site + (" (simulated)" if candidate.simulated else "")
        score = f"{candidate.score:.3f}" if candidate.score is not None else "–"
        in_full = detail == "everyone" or (detail == "whom it may go to" and candidate.able)
        rows.append((mark, name, candidate.partition, score, _every_reason(candidate) if in_full else _why(candidate)))
    if silent:
        rows.append(("", _other_sites(silent), "", "", "no agent has ever connected, so no run goes there"))
    if unnamed:
        rows.append(("", _other_sites(unnamed), "", "", "not named with --site or in the run's file"))
    tell = partial(click.echo, err=aside)
    tell(f"Placement (policy {decision.policy_version}):" if decision.chosen else "No site can take the run now:")
    print_table(("", "site", "partition", "score", "why"), rows, stderr=aside)
    if any(term.missing for candidate in decision.candidates for term in candidate.terms):
        tell("A term with ? has an input that nobody has stated; it counts as the worst one known.")
    if decision.flip is not None:
        tell(f"What would have changed it: {decision.flip.words}")
    if decision.nearest:
        tell(decision.nearest)


def _other_sites(found: set["SiteId"]) -> str:
    return f"{len(found):,} other site{'' if len(found) == 1 else 's'}"


def _why(candidate: "Candidate") -> str:
    if candidate.able:
        terms = (f"{term.code} {term.value:.2f}{'?' if term.missing else ''}" for term in candidate.terms)
        return f"able; {', '.join(terms)}"
    return "\n".join(f"✗ {reason.words}" for reason in candidate.reasons if not reason.passed)


def _every_reason(candidate: "Candidate") -> str:
    reasons = [f"{'✓' if reason.passed else '✗'} {reason.words}" for reason in candidate.reasons]
    terms = [f"· {term.code} {term.value:.3f} × {term.weight:g}: {term.words}" for term in candidate.terms]
    return "\n".join(reasons + terms)


def dry_run(planned: "DryRun") -> None:
    """Show where a run would go and what it would reserve."""
    placement(planned.placement)
    click.echo(planned.words)
    if planned.free_milliseconds is None:
        click.echo(f"The project has no allocation of {planned.resource_class}.")
    else:
        free = DeviceTime(planned.free_milliseconds, planned.resource_class)
        click.echo(f"Free in the project: {free}{'' if planned.enough else ', which is not enough'}.")


def as_object(run: "Run", record: str | None, statement: "Statement | None" = None) -> dict[str, Any]:
    """Return the one object that `fabrica run --json` prints."""
    body = run.model_dump(mode="json")
    return {
        "run": run.id,
        "name": run.name,
        "state": run.state.value,
        "reason": run.reason,
        "words": run.words,
        "site": run.site,
        "simulated": run.simulated,
        "placement": body["placement"],
        "attempts": body["attempts"],
        "usage": {key: value for key, value in body["usage"].items() if key != "energy"},
        "energy": body["usage"]["energy"],
        "metrics": {metric.name: metric.value for metric in run.metrics},
        "accepted": not refused_metrics(run),
        "charge": {
            "milliseconds": run.charged_milliseconds,
            "resource_class": run.spec.resources.resource_class,
            "reserved_milliseconds": run.reserved_milliseconds,
        },
        "record": record,
        "page": run.page,
        "balances": [one.model_dump(mode="json") for one in statement.balances] if statement else [],
    }


def refused_metrics(run: "Run") -> list[str]:
    """Return in words each metric that misses the bounds the run itself states."""
    values = {metric.name: metric.value for metric in run.metrics}
    missed = []
    for rule in run.spec.metrics:
        value = values.get(rule.name)
        if value is None:
            missed.append(f"{rule.name} was not logged")
        elif rule.accept_max is not None and value > rule.accept_max:
            missed.append(f"{rule.name} is {value:g}, above the accepted {rule.accept_max:g}")
        elif rule.accept_min is not None and value < rule.accept_min:
            missed.append(f"{rule.name} is {value:g}, below the accepted {rule.accept_min:g}")
    return missed


def end(run: "Run", record: str | None, statement: "Statement") -> None:
    """Show what came of a run: metrics beside baselines, usage, energy, charge, statement, record, page."""
    print_text()
    print_text(f"{_MARKS.get(run.state, '')} {run.name} {run.state.replace('_', ' ')}  {run.id}", style="bold")
    if run.words:
        print_text(run.words)
    if run.simulated:
        print_text("This run was simulated: nothing real was computed.")
    _metrics(run)
    _usage(run.usage)
    print_text(f"Charged: {DeviceTime(run.charged_milliseconds, run.spec.resources.resource_class)}")
    statement_table(statement)
    print_text(f"Run record: {record or 'none was sent by the site'}")
    print_text(f"Portal: {run.page}  (sign in with 'fabrica portal')")
    for missed in refused_metrics(run):
        print_text(f"✗ {missed}")


def _metrics(run: "Run") -> None:
    values = {metric.name: metric.value for metric in run.metrics}
    rows = []
    for rule in run.spec.metrics:
        value, baseline = values.get(rule.name), values.get(rule.baseline) if rule.baseline else None
        rows.append((rule.name, _number(value, rule.unit), _against(value, baseline, rule), _bounds(rule)))
    if rows:
        print_table(("metric", "value", "baseline", "accepted"), rows)


def _number(value: float | None, unit: str = "") -> str:
    return "not logged" if value is None else f"{value:.4g} {unit}".rstrip()


def _against(value: float | None, baseline: float | None, rule: "MetricRule") -> str:
    if baseline is None or value is None:
        return ""
    gain = (baseline - value if rule.better == "lower" else value - baseline) / abs(baseline) if baseline else 0.0
    return f"{_number(baseline, rule.unit)} ({abs(gain):.0%} {'better' if gain >= 0 else 'worse'})"


def _bounds(rule: "MetricRule") -> str:
    parts = [f"at most {rule.accept_max:g}"] if rule.accept_max is not None else []
    return ", ".join(parts + ([f"at least {rule.accept_min:g}"] if rule.accept_min is not None else []))


def _usage(usage: "Usage") -> None:
    cpu = "unknown" if usage.cpu_seconds is None else f"{usage.cpu_seconds:.1f} CPU-seconds"
    memory = "unknown" if usage.memory_peak_bytes is None else show_bytes(usage.memory_peak_bytes)
    held = f"{usage.charged_milliseconds / 1000:.1f} device-seconds"
    held += f" ({usage.devices} held {show_duration(usage.elapsed_seconds)})"
    print_text(f"Used: {cpu}, {held}, memory {memory}")
    for figure in usage.energy:
        amount = "unknown" if figure.joules is None else f"{figure.joules:,.0f} J"
        carbon = "" if figure.carbon_grams is None else f", {figure.carbon_grams:.3g} gCO2e ({figure.carbon_source})"
        print_text(f"Energy, {figure.boundary}, {figure.basis}: {amount}{carbon}. {figure.method}")
    if usage.flop is not None:
        amount = "unknown" if usage.flop.flop is None else f"{usage.flop.flop:.3g} FLOP"
        print_text(f"Compute: {amount}. {usage.flop.peak_source} {usage.flop.utilisation_source}")


def statement_table(statement: "Statement", lines: int = 6, *, with_ids: bool = False) -> None:
    """Show the newest lines of a ledger statement and what is left; `with_ids`: by which a correction is proposed."""
    rows = []
    for row in statement.rows[:lines]:
        amounts = (row.milliseconds, row.available_after_milliseconds, row.reserved_after_milliseconds)
        shown = [str(DeviceTime(amount, row.transfer.resource_class)) for amount in amounts]
        ids = (row.transfer.id,) if with_ids else ()
        rows.append((f"{row.transfer.at:%Y-%m-%d %H:%M:%S}", row.words, *shown, *ids))
    print_text("Ledger statement of the project, newest first:")
    print_table(("when", "what", "amount", "free after", "reserved after", *(("transfer",) if with_ids else ())), rows)


def balance(allocations: "Sequence[Allocation]", statement: "Statement") -> None:
    """Show each allocation and the statement."""
    rows = []
    for one in allocations:
        amounts = (
            one.free_milliseconds,
            one.reserved_milliseconds,
            one.consumed_milliseconds,
            one.granted_milliseconds,
        )
        shown = [str(DeviceTime(amount, one.resource_class)) for amount in amounts]
        rows.append((one.id, one.resource_class, *shown, f"{one.ends_at:%Y-%m-%d}", one.site or "whole network"))
    columns = ("allocation", "resource class", "free", "reserved", "used", "granted", "until", "where")
    print_table(columns, rows)
    if not allocations:
        print_text("The project has no allocation. Ask the network's office for one.")
    statement_table(statement, lines=20, with_ids=True)


def run_list(found: "RunList") -> None:
    """Show runs as a table."""
    rows = [
        (
            _MARKS.get(run.state, "·"),
            run.id,
            run.name,
            run.state.replace("_", " "),
            f"{run.site or ''}{' (simulated)' if run.simulated else ''}",
            f"{run.submitted_at:%Y-%m-%d %H:%M}",
            show_duration(run.usage.elapsed_seconds),
            str(DeviceTime(run.charged_milliseconds, run.spec.resources.resource_class)),
        )
        for run in found.runs
    ]
    print_table(("", "run", "name", "state", "site", "submitted", "ran", "charged"), rows)
    silences(found.runs)
    if not found.runs:
        say("No runs yet. Start one with 'fabrica run examples/ride-demand'.")
    if found.next_cursor:
        say("There are more; ask with a larger --limit.")


def silences(found: "Sequence[Run]") -> None:
    """Say of each site where one of the runs lives and whose scheduler does not answer since when that is."""
    for words in dict.fromkeys(run.silence.words for run in found if run.silence):
        say(words)


def site_list(found: "Sequence[Site]") -> None:
    """Show sites as a table."""
    rows = []
    for site in found:
        takes = _takes(site) + (" (simulated)" if site.simulated else "")
        free = "" if site.devices_total is None else f"{site.devices_free:,} of {site.devices_total:,}{_as_of(site)}"
        last = f"{site.last_word_at:%Y-%m-%d %H:%M:%S}" if site.last_word_at else "never"
        rows.append((site.id, site.name, site.kind, site.country or "unknown", takes, free, last))
    print_table(("site", "name", "kind", "country", "takes runs", "devices free", "agent's last word"), rows)


def _as_of(site: "Site") -> str:
    """Return of when the counts of a site are, where they grow old."""
    return f" at {site.counted_at:%H:%M}" if site.engine_silent_since and site.counted_at else ""


def _takes(site: "Site") -> str:
    if not site.connected:
        since = site.last_word_at
        return f"no: its agent has been silent since {since:%H:%M}" if since else "no: no agent has connected"
    if site.draining:
        return f"no: draining. {site.draining_reason or ''}".rstrip()
    if site.engine_silent_since:
        return f"no: its scheduler has not answered since {site.engine_silent_since:%H:%M}"
    if site.maintenance_ends_at:
        return f"no: in maintenance until {site.maintenance_ends_at:%Y-%m-%d %H:%M} UTC"
    return "its owner's only" if site.personal else "yes"
