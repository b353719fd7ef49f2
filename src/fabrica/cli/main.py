"""The `fabrica` command: finds the command's own file, and loads nothing else."""

import sys

import click

from fabrica import __version__
from fabrica.cli.lazy import LazyGroup

_COMMANDS = {
    "run": "runs:submit",
    "runs": "runs:runs",
    "shell": "attachments:shell",
    "notebook": "attachments:notebook",
    "attach": "attachments:attach",
    "logs": "runs:logs",
    "why": "runs:why",
    "cancel": "runs:cancel",
    "record": "records:record",
    "sites": "sites:sites",
    "balance": "access:balance",
    "grant": "access:grant",
    "corrections": "ledger:corrections",
    "projects": "projects:projects",
    "organisations": "projects:organisations",
    "token": "people:token",
    "mail": "people:mail",
    "people": "people:people",
    "plan": "plan:plan",
    "up": "operate:up",
    "down": "operate:down",
    "portal": "operate:portal",
    "migrate": "operate:migrate",
    "serve": "operate:serve",
    "work": "operate:work",
    "agent": "agents:agent",
    "aiact": "aiact:aiact",
    "evaluations": "evaluations:evaluations",
    "evaluators": "evaluators:evaluators",
    "questions": "questions:questions",
    "systems": "systems:systems",
    "completion": "completion:completion",
}
"""Each command, with the file and function that is it, in the order help shows them."""


@click.group(
    cls=LazyGroup,
    places=_COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(__version__, prog_name="fabrica")
def fabrica() -> None:
    """Run AI work on Europe's AI Factories.

    Start with an example:

        fabrica run examples/ride-demand

    With no server configured, everything happens on this machine, in an embedded network of its own. To use a real
    network, make an access token in its portal, and set FABRICA_SERVER and FABRICA_TOKEN_FILE.
    """


def main() -> None:
    """Run the command; a named problem is told in words and ends with status 1."""
    from fabrica.cli.output import tell_problem
    from fabrica.wire.problems import FabricaError

    try:
        fabrica(prog_name="fabrica")
    except FabricaError as problem:
        tell_problem(problem, as_json="--json" in sys.argv)
        sys.exit(1)
    except BrokenPipeError:
        sys.exit(0)


if __name__ == "__main__":
    main()
