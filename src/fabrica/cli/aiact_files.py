"""Files that people write for the AI Act desk, and records they name, read into bodies."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fabrica.values.files import write_whole
from fabrica.wire.problems import FabricaError

if TYPE_CHECKING:
    from fabrica.wire.accounts import RecordedRun, Sources

LARGEST_FILE_BYTES = 1_000_000


def read_yaml(file: Path, problem: type[FabricaError], *, remedy: str) -> Any:
    """Return the content of a YAML or JSON file.

    Raises:
        FabricaError: of the class `problem`: too large, not YAML or JSON, or with a key written twice.
    """
    import yaml

    from fabrica.values.keys_once import KeyTwice, PersonsLoader

    if file.stat().st_size > LARGEST_FILE_BYTES:
        raise problem(f"{file.name} is larger than {LARGEST_FILE_BYTES:,} bytes.", remedy=remedy)
    try:
        return yaml.load(file.read_bytes(), Loader=PersonsLoader)  # noqa: S506 - it stands on a safe loader
    except KeyTwice as twice:
        raise problem(f"{file.name}, {twice.where}.", remedy="Keep the one that is true.") from None
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        where = getattr(error, "problem_mark", None)
        line = f" in line {where.line + 1}" if where else ""
        raise problem(f"{file.name} is not YAML or JSON{line}.", remedy="Correct the syntax there.") from None


def save(file: Path, content: bytes) -> None:
    """Write a file so that it holds what it held or all of the new content, and never a half.

    Raises:
        click.FileError: the folder is not there, or may not be written to.
    """
    try:
        write_whole(file, content, durable=False)
    except OSError as error:
        raise click.FileError(str(file), hint=error.strerror or "it cannot be written") from None


def read_sources(file: Path | None) -> "Sources":
    """Return the sources of compute a person entered; none when no file is given.

    Raises:
        SourcesUnreadable: not YAML, or a key or value that is not right; says where.
    """
    from pydantic import ValidationError

    from fabrica.wire.accounts import Sources, SourcesUnreadable

    if file is None:
        return Sources()
    content = read_yaml(file, SourcesUnreadable, remedy="Give the sources alone.")
    try:
        return Sources.model_validate(content or {})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise SourcesUnreadable(
            f"{file.name}: {place or 'the file'}: {first['msg']}.", remedy="Correct the value there."
        ) from None


def read_records(folders: Iterable[Path]) -> "tuple[RecordedRun, ...]":
    """Return the runs of the named records, each checked against its seal.

    Raises:
        RecordRefused: one is not sealed, or not as it was sealed.
    """
    from fabrica.record.reading import read_run

    return tuple(read_run(folder) for folder in folders)


def read_answers(file: Path) -> dict[str, Any]:
    """Return the facts in a file: its `answers` block, or all of it.

    Raises:
        AnswersUnreadable: too large, not YAML or JSON, or not keys with values.
    """
    from fabrica.wire.aiact import AnswersUnreadable

    content = read_yaml(file, AnswersUnreadable, remedy="Give the answers alone.")
    inner = content.get("answers", content) if isinstance(content, dict) else content
    if not isinstance(inner, dict) or not all(isinstance(key, str) for key in inner):
        raise AnswersUnreadable(
            f"{file.name} holds no answers.", remedy="Write one fact a line, such as artefact: system."
        )
    return inner


def day_of(answers: dict[str, Any]) -> date:
    """Return the day that facts ask for, else today."""
    given = answers.get("as_of")
    if isinstance(given, str):
        try:
            return date.fromisoformat(given)
        except ValueError:
            pass  # told as a named problem when the facts are checked
    return given if type(given) is date else datetime.now(UTC).date()
