"""A group of commands that loads the file of a command only when that command is asked for."""

import difflib
import importlib
from collections.abc import Mapping
from typing import Any

import click


class LazyGroup(click.Group):
    """A group of `places`: each command, in the order help shows them, with the file and function that is it."""

    def __init__(self, *arguments: Any, places: Mapping[str, str], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.places = places

    def list_commands(self, context: click.Context) -> list[str]:
        return list(self.places)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in self.places:
            return None
        module, function = self.places[name].split(":")
        command: click.Command = getattr(importlib.import_module(f"fabrica.cli.{module}"), function)
        return command

    def resolve_command(self, context: click.Context, arguments: list[str]) -> Any:
        name = arguments[0]
        if name not in self.places and not name.startswith("-"):
            near = difflib.get_close_matches(name, self.places, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            context.fail(f"There is no command '{name}'.{hint}")
        return super().resolve_command(context, arguments)
