"""What a replay can be told beyond its policy: fair share, levels, windows, stops, grants and leaves; checked here."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fabrica.planning.engine.site_rules import SiteRules
from fabrica.planning.trace import Trace
from fabrica.planning.training.goodput import DEVICE_HOURS_PER_STOP, REPAIR_SECONDS
from fabrica.wire.planning import OptionsImpossible

HALF_LIFE_SECONDS = 7 * 86_400
AGE_MAX_SECONDS = 7 * 86_400
AGE_STEPS_MAX = 16
RESTART_SECONDS = 300
HOUR_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Window:
    """Units that are out of use from one second of the trace until another, but for some accounts: a reservation.

    `accounts`: whose jobs run in it, by their names; none for maintenance, or where it is for others.
    """

    start_seconds: int
    end_seconds: int
    units: int
    accounts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stops:
    """How nodes fail, and what that costs. `checkpoint_seconds`: of work between two; 0: a stopped job begins again.

    `leaf_share`: of failures that take the whole leaf of the node, 0..1.

    The rate is that of Llama Team 2024 (arXiv:2407.21783), the restart and the repair are assumptions, as in the
    training planner.
    """

    device_hours_per_stop: float = DEVICE_HOURS_PER_STOP
    checkpoint_seconds: int = 0
    restart_seconds: int = RESTART_SECONDS
    repair_seconds: int = int(REPAIR_SECONDS)
    seed: int = 0
    leaf_share: float = 0.0


@dataclass(frozen=True, slots=True)
class Options:
    """Rules beyond the policy. `half_life_seconds`: until usage counts half in the fair share; 0: it never fades.

    `age_seconds`: of waiting, after each of which usage counts half for a job, up to `age_max_seconds`; 0: never.
    `saving_seconds`: that a job takes to make room for one of a higher level; null: none makes room.
    `shares`: of an account, by its name; 1 where it is not named. `grants`: device-seconds of an account, by its name.
    """

    half_life_seconds: int = HALF_LIFE_SECONDS
    age_seconds: int = 0
    age_max_seconds: int = AGE_MAX_SECONDS
    windows: tuple[Window, ...] = ()
    stops: Stops | None = None
    saving_seconds: int | None = None
    shares: Mapping[str, float] = field(default_factory=dict)
    grants: Mapping[str, int] = field(default_factory=dict)
    leaf_nodes: int = 0
    pod_leaves: int = 0
    within_leaf: bool = False


def age_steps(age_seconds: int, age_max_seconds: int) -> int:
    """Return how often, while a job waits, usage counts half for it."""
    return age_max_seconds // age_seconds if age_seconds else 0


def check_options(options: Options, trace: Trace, capacity: int, node_devices: int, is_fair: bool) -> None:
    """Refuse what cannot be.

    Raises:
        OptionsImpossible: what does not go together, and what would.
    """
    if is_fair and trace.accounts is None and trace.levels is None:
        _refuse(
            "The trace names no users and no levels, so there is nothing to order jobs by.",
            "Add a column 'user' or 'level' to the trace, or take the policy easy.",
        )
    if options.age_seconds:
        _check_age(options, is_fair and trace.accounts is not None)
    if not node_devices and (options.stops or options.leaf_nodes):
        _refuse("It is nodes that stop and that stand in leaves.", "Say how many devices a node has: --node-devices 8.")
    if options.within_leaf and not options.leaf_nodes:
        _refuse("Jobs can be kept within leaves only where there are any.", "Say how large they are: --leaf-nodes 32.")
    if options.stops and options.stops.leaf_share and not options.leaf_nodes:
        _refuse("Whole leaves fail only where there are any.", "Say how large they are: --leaf-nodes 18.")
    nodes = capacity // node_devices if node_devices else 0
    if options.leaf_nodes and nodes % options.leaf_nodes:
        below = max(nodes - nodes % options.leaf_nodes, options.leaf_nodes)
        _refuse(
            f"{nodes} nodes are not a whole number of leaves with {options.leaf_nodes} nodes.",
            f"Take a capacity of {below * node_devices} or {(below + options.leaf_nodes) * node_devices} units.",
        )
    _check_pods(options, nodes)
    if options.saving_seconds is not None and trace.levels is None:
        _refuse(
            "Nobody makes room where all jobs are of one level.", "Add a column 'level' to the trace, 0 the lowest."
        )
    if options.stops and not options.stops.device_hours_per_stop > 0:
        remedy = f"Published: {DEVICE_HOURS_PER_STOP:,.0f} device-hours from one to the next."
        _refuse("A rate of stops is a number of device-hours above 0.", remedy)
    _check_windows(options, capacity, node_devices)
    reserved = (account for one in options.windows for account in one.accounts)
    unknown = sorted({*options.shares, *options.grants, *reserved} - set(trace.account_names))
    if unknown:
        _refuse(f"No job of the trace is of the account {unknown[0]!r}.", "Name accounts as the trace names its users.")
    if any(share <= 0 for share in options.shares.values()):
        _refuse("A share is a number above 0.", "Give an account that shall wait for all others a small share.")


def _check_pods(options: Options, nodes: int) -> None:
    pods = options.pod_leaves
    if not pods:
        return
    if not options.leaf_nodes:
        _refuse("It is leaves that stand in pods.", "Say how large they are: --leaf-nodes 18.")
    if options.within_leaf:
        _refuse(
            "Jobs that are kept within leaves are not kept within pods too.", "Leave --pod-leaves or --within-leaf out."
        )
    if (leaves := nodes // options.leaf_nodes) % pods:
        _refuse(
            f"{leaves} leaves are not a whole number of pods with {pods} leaves.",
            f"Take one of {', '.join(str(one) for one in range(1, leaves + 1) if leaves % one == 0)}.",
        )


def _check_age(options: Options, is_fair: bool) -> None:
    if not is_fair:
        _refuse(
            "Age weighs against what accounts used, and nothing is shared here.",
            "Take the policy priority and a trace that names users.",
        )
    if not 1 <= (steps := age_steps(options.age_seconds, options.age_max_seconds)) <= AGE_STEPS_MAX:
        _refuse(
            f"With these hours usage would be halved {steps} times while a job waits.",
            f"Let --age-max be 1 to {AGE_STEPS_MAX} times --age.",
        )


def _check_windows(options: Options, capacity: int, node_devices: int) -> None:
    for one in options.windows:
        shown = f"{one.start_seconds}:{one.end_seconds}:{one.units}"
        if not 0 <= one.start_seconds < one.end_seconds:
            _refuse(f"The window {shown} does not end after it starts.", "Write START:END:UNITS in seconds.")
        if one.units < 1 or (node_devices and one.units % node_devices):
            _refuse(f"The window {shown} takes no whole nodes.", f"Take a multiple of {node_devices or 1} units.")
        open_then = [other for other in options.windows if other.start_seconds <= one.start_seconds < other.end_seconds]
        units = sum(other.units for other in open_then)
        if units > capacity:
            _refuse(
                f"At second {one.start_seconds} windows take {units} units, and the cluster has {capacity}.",
                f"Take at most {capacity} units out at a time; 'all' takes them all.",
            )


def _refuse(words: str, remedy: str) -> None:
    raise OptionsImpossible(words, remedy=remedy)


def rules_of(options: Options, trace: Trace, capacity: int, node_devices: int, is_fair: bool) -> SiteRules:
    """Return the rules of the site that replays a trace."""
    stops = options.stops
    return SiteRules(
        capacity=capacity,
        node_devices=node_devices,
        accounts=max(len(trace.account_names), 1),
        levels=max(trace.levels) + 1 if trace.levels is not None else 1,
        is_fair=is_fair and trace.accounts is not None,
        half_life_seconds=options.half_life_seconds,
        age_seconds=options.age_seconds,
        age_steps=age_steps(options.age_seconds, options.age_max_seconds),
        preempts=options.saving_seconds is not None,
        saving_seconds=options.saving_seconds or 0,
        leaf_nodes=options.leaf_nodes,
        pod_leaves=options.pod_leaves,
        within_leaf=options.within_leaf,
        device_seconds_per_stop=stops.device_hours_per_stop * HOUR_SECONDS if stops else 0.0,
        leaf_stop_share=stops.leaf_share if stops else 0.0,
        checkpoint_seconds=stops.checkpoint_seconds if stops else 0,
        restart_seconds=stops.restart_seconds if stops else RESTART_SECONDS,
        repair_seconds=stops.repair_seconds if stops else 0,
        seed=stops.seed if stops else 0,
    )
