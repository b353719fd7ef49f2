"""Why a candidate is able or not: one row per filter, each told in one sentence with its numbers.

Whether a filter passes is the kernel's word; this module only tells it. A capacity that the site has not stated
passes, marked as missing: the site may still decline, and the run then goes elsewhere.
"""

import functools
import math
from collections.abc import Callable
from operator import attrgetter
from typing import Any, NamedTuple

from fabrica.placement import columns as c
from fabrica.placement.snapshot import CandidateState, Needs, Number, Policy
from fabrica.values.quantities import DeviceTime, show_bytes
from fabrica.values.time import show_duration
from fabrica.wire.placement import Reason


class Told(NamedTuple):
    """One filter's sentence, with what was asked and what is there; None for `has` of a number: not stated."""

    words: str
    asked: float | str | None = None
    has: float | str | None = None
    missing: bool = False


class Filter(NamedTuple):
    """One filter: its code, the values it reads on both sides, and the sentence that tells them.

    `recurs`: whether other runs meet the same values, so that the reason is worth keeping for them.
    """

    code: str
    asked: Callable[[Needs, Policy], Any]
    has: Callable[[CandidateState], Any]
    tell: Callable[[Any, Any], Told]
    recurs: bool = True


_kept = functools.lru_cache(maxsize=16_384)
"""Keeps words by what they tell: one inventory meets many runs, and one run many partitions that are alike."""


def reasons(
    needs: Needs, policy: Policy, candidates: tuple[CandidateState, ...], refused: list[int]
) -> list[tuple[Reason, ...]]:
    """Return every filter's reason for each candidate. `refused`: shape (candidates,), the kernel's bits."""
    columns = [
        _column(index, row.asked(needs, policy), list(map(row.has, candidates)), refused)
        for index, row in enumerate(FILTERS)
    ]
    return list(zip(*columns, strict=True))


def _column(index: int, asked: Any, has: list[Any], refused: list[int]) -> list[Reason]:
    """Return one filter's reason for each candidate; candidates share most values, so each value is told once."""
    reason = _kept_reason if FILTERS[index].recurs else _reason
    if has and has.count(has[0]) == len(has):
        return [reason(index, asked, has[0], not refused[0] >> index & 1)] * len(has)
    bits_of = dict(zip(has, refused, strict=True))  # for one run, what a site has decides whether the filter passes
    told = {value: reason(index, asked, value, not bits >> index & 1) for value, bits in bits_of.items()}
    return list(map(told.__getitem__, has))


def _reason(index: int, asked: Any, has: Any, passed: bool) -> Reason:
    row = FILTERS[index]
    told = row.tell(asked, has)
    return Reason.trusted(
        code=row.code,
        passed=passed,
        missing=told.missing,
        words=told.words,
        asked=_on_the_wire(told.asked),
        has=_on_the_wire(told.has),
    )


_kept_reason = _kept(_reason)


def _on_the_wire(figure: float | str | None) -> float | str | None:
    return float(figure) if isinstance(figure, int) else figure


def _sites(asked: tuple[str, ...] | None, has: str) -> Told:
    if asked is None:
        return Told("The run may be at any site.", None, has)
    allowed = ", ".join(sorted(asked))
    return Told(f"The run may only be at {allowed}; this is {has}.", allowed, has)


def _no_agent(asked: None, has: bool) -> Told:
    if not has:
        return Told("No agent of the site has ever connected, so it takes no runs.")
    return Told("An agent of the site has connected.")


def _site_fresh(asked: tuple[Number, Number], has: tuple[Number | None, Number | None]) -> Told:
    fresh_seconds, lost_seconds = asked
    agent_age, silent = has
    if agent_age is None:
        return Told("No agent has spoken yet, so there is no last word to grow old.", fresh_seconds, None, missing=True)
    age = max(0, math.ceil(agent_age))  # rounded up, so that an age just over the limit is told over it
    if silent is not None and silent >= agent_age:
        age = math.ceil(silent)
        words = f"The site's scheduler has given its agent no answer for {show_duration(age)}"
        return Told(f"{words}; at most {show_duration(fresh_seconds)} is allowed.", fresh_seconds, age)
    state = ""
    if age > lost_seconds:
        state = " The site counts as lost."
    elif age > fresh_seconds:
        state = " The site counts as out of contact."
    words = f"The agent's last word is {show_duration(age)} old; at most {show_duration(fresh_seconds)} is allowed."
    return Told(words + state, fresh_seconds, age)


def _draining(asked: None, draining: bool) -> Told:
    return Told("The site takes no new runs for now." if draining else "The site takes new runs.")


def _simulated(accepted: bool, simulated: bool) -> Told:
    if not simulated:
        return Told("The site is real.")
    if accepted:
        return Told("The site is simulated, and the run says that this will do.")
    return Told("The site is simulated; a real run goes there only when it says that a simulated site will do.")


def _already_declined(asked: None, declined: bool) -> Told:
    return Told("The site was offered this run and did not take it." if declined else "The site has not declined it.")


def _site_account(asked: None, has: tuple[bool | None, str | None]) -> Told:
    known, support = has
    if known is None:
        return Told("The site asks for no account of one's own.")
    if known:
        return Told("You have an account at this site.")
    return Told(f"You have no account at this site yet: ask {support or 'its support'} for one.")


def _personal_site(asked: None, own: bool | None) -> Told:
    if own is None:
        return Told("The site is not one person's own.")
    return Told("The site is your own." if own else "The site is one person's own: it takes its owner's runs only.")


def _resource_class(asked: str, has: str) -> Told:
    return Told(f"The run asks for {asked}; this partition has {has}.", asked, has)


def _software_stack(asked: str | None, has: str | None) -> Told:
    if asked is None:
        return Told(f"The run asks for no particular software stack; here it is {has or 'not stated'}.", None, has)
    if has is None:
        return Told(f"The run asks for the stack {asked}; the site has not stated its own.", asked, None, missing=True)
    return Told(f"The run asks for the stack {asked}; here it is {has}.", asked, has)


def _containers(asked: bool, has: bool | None) -> Told:
    if not asked:
        return Told("The run needs no container.")
    if has is None:
        return Told("The run needs a container; the site has not stated whether it runs them.", missing=True)
    return Told(f"The run needs a container; the site {'runs them' if has else 'does not run them'}.")


def _interactive(asked: bool, has: tuple[bool | None, bool]) -> Told:
    told, has_agent = has
    if not asked:
        return Told("Nobody works in the run while it runs.")
    if told:
        return Told("Somebody works in the run; the site's agent brings them to it.")
    if not has_agent:
        return Told("Somebody works in the run; the site has no agent that could bring them to it.")
    if told is None:
        return Told("The agent of this site is too old for interactive runs; its office updates it.")
    return Told("Nobody can work in a run here: the site is simulated, or its agent does not stay connected.")


def _countries(asked: tuple[str, ...] | None, has: str) -> Told:
    if asked is None:
        return Told(f"The run and its data may be in any country; this site is in {has}.", None, has)
    allowed = ", ".join(sorted(asked)) or "no country at all"
    return Told(f"The run and its data may be in {allowed}; this site is in {has}.", allowed, has)


def _nodes(asked: int, has: int | None) -> Told:
    words = "an unstated number" if has is None else f"{has:,}"
    return Told(f"The run asks for {plural(asked, 'node')}; this partition has {words}.", asked, has, has is None)


def _nodes_per_run(asked: int, has: int | None) -> Told:
    if has is None:
        return Told(f"The run asks for {plural(asked, 'node')}; no limit per run is stated here.", asked, None, True)
    return Told(f"The run asks for {plural(asked, 'node')}; one run may take at most {has:,} here.", asked, has)


def _devices(asked: tuple[int, int, str], has: tuple[int | None, int | None]) -> Told:
    nodes, per_node, resource_class = asked
    has_per_node, total = has
    devices, on = plural(per_node, device_noun(resource_class)), plural(nodes, "node")
    words = f"The run asks for {devices} on each of {on}, {nodes * per_node:,} in all; a node here has"
    words += f" {'an unstated number' if has_per_node is None else f'{has_per_node:,}'}, the partition"
    words += f" {'an unstated number' if total is None else f'{total:,}'}."
    return Told(words, nodes * per_node, total, missing=has_per_node is None or total is None)


def _memory(asked: int, has: int | None) -> Told:
    words = "not stated" if has is None else show_bytes(has)
    return Told(f"The run asks for {show_bytes(asked)} of memory a node; here it is {words}.", asked, has, has is None)


def _disk(asked: int, has: int | None) -> Told:
    words = "not stated" if has is None else show_bytes(has)
    return Told(f"The run asks for {show_bytes(asked)} of disk; free here: {words}.", asked, has, has is None)


def _time_limit(asked: int, has: int | None) -> Told:
    words = "not stated" if has is None else show_duration(has)
    return Told(f"The run asks for up to {show_duration(asked)}; the limit here: {words}.", asked, has, has is None)


def _maintenance(asked: int, starts_in: Number | None) -> Told:
    if starts_in is None:
        return Told("No maintenance is planned.", asked)
    when = "goes on now" if starts_in <= 0 else f"starts in {show_duration(starts_in)}"
    return Told(f"Maintenance {when}; the run may take up to {show_duration(asked)}.", asked, starts_in)


_Allocation = tuple[int | None, int | None, Number, Number | None, int]


def _allocation(asked: tuple[str, int], has: _Allocation) -> Told:
    resource_class, limit = asked
    free, granted, starts_in, ends_in, reserve = has
    need = _device_time(reserve, resource_class)
    if free is None:
        words = f"The project has no allocation of {resource_class} here; the run would reserve {need}."
        return Told(f"{words} Ask the network's office for one.", reserve, None)
    of = "" if granted is None else f" of {_device_time(granted, resource_class)}"
    words = f"The run would reserve {need}; the project has {DeviceTime(free, resource_class)}{of} left here"
    if starts_in > 0:
        return Told(f"{words}, but only from {show_duration(starts_in)} on.", reserve, free)
    if ends_in is not None and ends_in <= 0:
        return Told(f"{words}, but the allocation has ended; ask the network's office for a new one.", reserve, free)
    if ends_in is not None and ends_in < limit:
        words += (
            f", but the allocation ends in {show_duration(ends_in)}, before the run's {show_duration(limit)} are over"
        )
        return Told(f"{words}. Ask the network's office to extend it.", reserve, free)
    if free < reserve:
        return Told(f"{words}. Ask the network's office for more, or ask for less time.", reserve, free)
    return Told(f"{words}.", reserve, free)


@_kept
def _device_time(milliseconds: int, resource_class: str) -> str:
    return str(DeviceTime(milliseconds, resource_class))


def plural(count: int, noun: str) -> str:
    """Return a count with its noun: `1 node`, `1,000 nodes`."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def device_noun(resource_class: str) -> str:
    """Return what people call one device of a resource class."""
    return "core" if resource_class == "cpu.core" else "device"


def _has_agent(candidate: CandidateState) -> bool:
    return candidate.agent_age_seconds is not None


def _nothing(needs: Needs, policy: Policy) -> None:
    return None


def _asks(*names: str) -> Callable[[Needs, Policy], Any]:
    get = attrgetter(*names)
    return lambda needs, policy: get(needs)


# In the order of the kernel's bits.
FILTERS: tuple[Filter, ...] = (
    Filter("sites", _asks("sites"), attrgetter("site"), _sites),
    Filter("no_agent", _nothing, _has_agent, _no_agent),
    Filter(
        "site_fresh",
        lambda needs, policy: (policy.fresh_seconds, policy.lost_seconds),
        attrgetter("agent_age_seconds", "silent_seconds"),
        _site_fresh,
    ),
    Filter(
        "devices",
        _asks("nodes", "devices_per_node", "resource_class"),
        attrgetter("devices_per_node", "devices_total"),
        _devices,
    ),
    Filter(
        "allocation",
        _asks("resource_class", "time_limit_seconds"),
        attrgetter(
            "allocation_free_milliseconds",
            "allocation_granted_milliseconds",
            "allocation_starts_in_seconds",
            "allocation_ends_in_seconds",
            "reserve_milliseconds",
        ),
        _allocation,
        recurs=False,
    ),
    Filter("site_account", _nothing, attrgetter("site_account", "support"), _site_account),
    Filter("personal_site", _nothing, attrgetter("own_site"), _personal_site),
    Filter("draining", _nothing, attrgetter("draining"), _draining),
    Filter("simulated", _asks("accept_simulated"), attrgetter("simulated"), _simulated),
    Filter("already_declined", _nothing, attrgetter("declined"), _already_declined),
    Filter("resource_class", _asks("resource_class"), attrgetter("resource_class"), _resource_class),
    Filter("software_stack", _asks("software_stack"), attrgetter("software_stack"), _software_stack),
    Filter("containers", _asks("containers"), attrgetter("containers"), _containers),
    Filter(
        "interactive",
        _asks("interactive"),
        lambda candidate: (candidate.interactive, _has_agent(candidate)),
        _interactive,
    ),
    Filter("countries", _asks("countries"), attrgetter("country"), _countries),
    Filter("nodes", _asks("nodes"), attrgetter("nodes"), _nodes),
    Filter("nodes_per_run", _asks("nodes"), attrgetter("nodes_per_run_max"), _nodes_per_run),
    Filter("memory", _asks("memory_bytes_per_node"), attrgetter("memory_bytes_per_node"), _memory),
    Filter("disk", _asks("disk_bytes"), attrgetter("disk_free_bytes"), _disk),
    Filter("time_limit", _asks("time_limit_seconds"), attrgetter("time_limit_seconds_max"), _time_limit),
    Filter("maintenance", _asks("time_limit_seconds"), attrgetter("maintenance_starts_in_seconds"), _maintenance),
)
assert len(FILTERS) == c.FILTERS  # the table and the kernel's bits are one list


def refusing(bits: int) -> list[str]:
    """Return the codes of the filters whose bits are set, in their order."""
    return [row.code for index, row in enumerate(FILTERS) if bits >> index & 1]
