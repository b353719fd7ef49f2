"""Shell completion."""

import click


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script of a shell.

    \b
    Example:
        fabrica completion bash > ~/.local/share/bash-completion/completions/fabrica
    """
    from click.shell_completion import get_completion_class

    from fabrica.cli.main import fabrica

    kind = get_completion_class(shell)
    assert kind is not None, "click knows these shells"
    click.echo(kind(fabrica, {}, "fabrica", "_FABRICA_COMPLETE").source())
