"""In words, what a second scenario says otherwise of the rules of sites, of accounts, of levels and of windows."""

from collections.abc import Iterator
from dataclasses import fields

from fabrica.planning.scenarios.scenario import Account, Scenario, Window

_TABLES = (("rules", "the rules"), ("levels", "the levels"), ("accounts", "the accounts"))


def rule_changes(first: Scenario, second: Scenario) -> Iterator[str]:
    """Return a sentence for each difference."""
    for table, words in _TABLES:
        one, two = getattr(first, table), getattr(second, table)
        for field in fields(one):
            old, new = getattr(one, field.name), getattr(two, field.name)
            if old != new:
                yield f"{field.name.replace('_', ' ')} of {words} goes from {_shown(old)} to {_shown(new)}."
    yield from (_window(one) for one in second.windows if one not in first.windows)
    yield from (f"No longer: {_window(one)}" for one in first.windows if one not in second.windows)
    yield from (_account(one) for one in second.named_accounts if one not in first.named_accounts)
    yield from (f"No longer: {_account(one)}" for one in first.named_accounts if one not in second.named_accounts)


def _shown(value: float | None) -> str:
    if value is None:
        return "no bound"
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:,.10g}"


def _window(one: Window) -> str:
    place = "every site" if one.site is None else one.site + (f" ({one.partition})" if one.partition else "")
    devices = "all devices" if one.devices is None else f"{one.devices:,} devices"
    again = f", and every {one.every_days:g} days after" if one.every_days else ""
    state = f"reserved for {', '.join(one.accounts)}" if one.accounts else "out of use"
    return f"{devices} of {place} are {state} for {one.hours:g} hours from day {one.from_day:g}{again}."


def _account(one: Account) -> str:
    grant = "" if one.device_hours is None else f" and a grant of {one.device_hours:,.10g} device-hours"
    return f"{one.name} has a share of {one.share:g}{grant}."
