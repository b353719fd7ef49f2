"""A command as a person types it, in this process."""

from click.testing import CliRunner, Result

from fabrica.cli.main import fabrica


def run(*words: object) -> Result:
    """Run `fabrica` with these words and return what came of it."""
    return CliRunner().invoke(fabrica, [str(word) for word in words])


def run_raising(*words: object) -> Result:
    """Run as `run` does, and let a problem be raised."""
    return CliRunner().invoke(fabrica, [str(word) for word in words], catch_exceptions=False)
