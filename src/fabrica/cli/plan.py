"""Commands of planning: capacity on paper, without a server, and scenarios saved on one."""

import click

from fabrica.cli.lazy import LazyGroup

_COMMANDS = {
    "replay": "plan_replay:replay",
    "train": "plan_training:train",
    "validate": "plan_training:validate",
    "network": "plan_network:network",
    "compare": "plan_network:compare",
    "replay-decisions": "plan_decisions:replay_decisions",
    "siting": "plan_siting:siting",
    "save": "plan_saved:save",
    "saved": "plan_saved:saved",
    "cancel": "plan_saved:cancel",
    "rename": "plan_saved:rename",
    "share": "plan_saved:share",
    "delete": "plan_saved:delete",
}


@click.group("plan", cls=LazyGroup, places=_COMMANDS)
def plan() -> None:
    """Try on paper what a cluster would do, what a training would take, or where a site could stand.

    \b
    Examples:
        fabrica plan replay --trace examples/twin/jobs.csv --capacity 256
        fabrica plan train examples/training/euro-70b.toml --accelerators H100-SXM:4096
    """
