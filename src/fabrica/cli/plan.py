"""Commands of planning: capacity on paper, without a server."""

import click

from fabrica.cli.plan_decisions import replay_decisions
from fabrica.cli.plan_network import compare, network
from fabrica.cli.plan_replay import replay
from fabrica.cli.plan_saved import cancel, delete, save, saved, share
from fabrica.cli.plan_siting import siting
from fabrica.cli.plan_training import train, validate


@click.group()
def plan() -> None:
    """Try on paper what a cluster would do, or what a training would take."""


plan.add_command(replay)
plan.add_command(train)
plan.add_command(validate)
plan.add_command(network)
plan.add_command(compare)
plan.add_command(replay_decisions)
plan.add_command(siting)
for _command in (save, saved, cancel, share, delete):
    plan.add_command(_command)
