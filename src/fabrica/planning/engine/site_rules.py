"""What a site is, and how it decides, as plain numbers."""

from typing import NamedTuple

NEVER = 2**63 - 1
UNLIMITED = NEVER

Window = tuple[int, int, int, tuple[int, ...]]
"""Start, end and units of what is out of use, and the accounts that may run in it; of maintenance none."""


class SiteRules(NamedTuple):
    """What a site is, and how it decides. Times in seconds; each 0 turns its rule off.

    `half_life_seconds`: until usage counts half; 0 where it never fades.
    `age_seconds`: of waiting, after which what its account used counts half for a job, `age_steps` times at most; only
    where `is_fair`.
    `device_seconds_per_stop`: of devices in use. `leaf_stop_share`: of failures that take the whole leaf, 0..1.
    `checkpoint_seconds`: work between two checkpoints; 0 where a job that stops begins again.
    `saving_seconds`: that a job takes to save when it is told to make room.
    `kinds`: of jobs. `use_hours`: so many hours from `use_from` on of which the use is counted; see use.py.
    """

    capacity: int
    node_devices: int = 0
    accounts: int = 1
    levels: int = 1
    is_fair: bool = False
    half_life_seconds: int = 0
    age_seconds: int = 0
    age_steps: int = 0
    preempts: bool = False
    saving_seconds: int = 0
    leaf_nodes: int = 0
    pod_leaves: int = 0
    within_leaf: bool = False
    device_seconds_per_stop: float = 0.0
    leaf_stop_share: float = 0.0
    checkpoint_seconds: int = 0
    restart_seconds: int = 0
    repair_seconds: int = 0
    attempts_max: int = 1000
    seed: int = 0
    kinds: int = 1
    use_from: int = 0
    use_hours: int = 0
