"""Every command that a page, a remedy or a template names is there, with the options it names."""

import re
from collections.abc import Iterator
from pathlib import Path

import click

from fabrica.cli.main import fabrica

ROOT = Path(__file__).resolve().parents[2]
PLACES = ("README.md", "docs/*/*.md", "examples/*/*.md", "changes/*.md", "src/**/*.py", "src/**/*.md", "src/**/*.html")
NAMED = re.compile(r"""(?:[$#] |[`'">]| {8})fabrica((?: (?:"[^"]*"|[^\s`'"|>\\]+))+)""")
SHORT_FOR = {"record": "fetch"}  # `fabrica record RUN`


def test_every_command_and_option_that_is_named_exists() -> None:
    named = list(commands_named())
    assert len(named) > 400
    wrong = [f"{place}: fabrica{words}" for place, words in named if not exists(words)]
    assert not wrong, "\n".join(wrong)


def commands_named() -> Iterator[tuple[str, str]]:
    """Yield where a command is named, and the words after `fabrica`."""
    for path in sorted({path for place in PLACES for path in ROOT.glob(place)}):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
            for found in NAMED.finditer(line):
                yield f"{path.relative_to(ROOT)}:{number}", found[1].partition("  #")[0]


def exists(words: str) -> bool:
    """Say whether these words name a command, and only options that it has."""
    command: click.Command = fabrica
    for word in re.match(r"(?: [a-z][a-z-]*(?= |$))*", words)[0].split():  # type: ignore[index]  # it matches nothing, too
        if not isinstance(command, click.Group):
            break
        below = command.get_command(click.Context(command), word)
        if below is None and command.name in SHORT_FOR:
            below = command.get_command(click.Context(command), SHORT_FOR[command.name])
        if below is None:
            return False
        command = below
    known = {name for option in command.params for name in (*option.opts, *option.secondary_opts)}
    return not set(re.findall(r"(?<= )--?[a-z][a-z-]*", words)) - known - {"--help"}
