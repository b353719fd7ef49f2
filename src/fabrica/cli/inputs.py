"""What arguments and options take, the same for every command: files, folders, numbers, days and countries."""

import math
from datetime import date
from pathlib import Path
from typing import Any

import click

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
FILE_OR_FOLDER = click.Path(exists=True, path_type=Path)
ANY_FILE = click.Path(dir_okay=False, path_type=Path)
"""There or not: it is written, or its absence is a problem with words of its own."""
ANY_FOLDER = click.Path(file_okay=False, path_type=Path)


class FiniteRange(click.FloatRange):
    """A number within bounds; `nan` and `inf`, which Python reads as numbers too, are none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        found = super().convert(value, param, ctx)
        if not math.isfinite(found):
            self.fail(f"{value!r} is no number; write one such as 1.5.", param, ctx)
        return found


class _Day(click.ParamType):  # type: ignore[type-arg]  # generic in newer releases alone
    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        try:
            return value if isinstance(value, date) else date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no day; write it as 2027-06-30.", param, ctx)


DAY = _Day()


class _Country(click.ParamType):  # type: ignore[type-arg]  # generic in newer releases alone
    name = "code"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from fabrica.reference.countries import check_country

        try:
            return check_country(value) if value else value
        except ValueError as error:
            self.fail(f"{error}.", param, ctx)


COUNTRY = _Country()
