"""A lazy group loads the file of a command only when that command is asked for."""

import importlib

import click
import pytest

from fabrica.cli import lazy
from fabrica.cli.aiact import aiact


def test_only_the_file_of_the_named_command_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []
    command = click.Command("one")
    place = type("Place", (), {"function": command})

    def load(name: str) -> object:
        loaded.append(name)
        return place

    monkeypatch.setattr(importlib, "import_module", load)
    group = lazy.LazyGroup("group", places={"one": "first:function", "two": "second:function"})
    context = click.Context(group)
    assert group.list_commands(context) == ["one", "two"]
    assert group.get_command(context, "three") is None
    assert loaded == []
    assert group.get_command(context, "one") is command
    assert loaded == ["fabrica.cli.first"]


def test_a_mistyped_command_is_met_with_the_nearest() -> None:
    with pytest.raises(click.UsageError, match="Did you mean 'classify'"):
        aiact.resolve_command(click.Context(aiact), ["clasify"])
