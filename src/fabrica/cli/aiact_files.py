"""Files that people write for the AI Act desk, and records they name, read into bodies."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fabrica.wire.problems import FabricaError

if TYPE_CHECKING:
    from fabrica.wire.accounts import RecordedRun, Sources

LARGEST_FILE_BYTES = 1_000_000


def read_yaml(file: Path, problem: type[FabricaError], *, remedy: str) -> Any:
    """Return the content of a YAML or JSON file.

    Raises:
        FabricaError: of the class `problem`: too large, or not YAML or JSON.
    """
    import yaml

    if file.stat().st_size > LARGEST_FILE_BYTES:
        raise problem(f"{file.name} is larger than {LARGEST_FILE_BYTES:,} bytes.", remedy=remedy)
    try:
        return yaml.load(file.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        where = getattr(error, "problem_mark", None)
        line = f" in line {where.line + 1}" if where else ""
        raise problem(f"{file.name} is not YAML or JSON{line}.", remedy="Correct the syntax there.") from None


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
