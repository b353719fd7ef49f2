"""The source tree as the architecture tests read it."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "fabrica"
SERVER = SOURCE / "server"


def modules(folder: Path = SOURCE) -> list[Path]:
    """Return every Python file of ours under a folder, without migrations, which Django writes."""
    return sorted(path for path in folder.rglob("*.py") if "migrations" not in path.parts)


def slices() -> list[str]:
    """Return the names of the server's slices."""
    return sorted(path.parent.name for path in SERVER.glob("*/__init__.py") if path.parent.name != "config")


def tree(path: Path) -> ast.Module:
    """Return the parsed file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the line and full name of everything a file imports, wherever the import stands."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def place(path: Path, line: int = 0) -> str:
    """Return a path as a reader of the repository knows it, with the line where there is one."""
    shown = path.relative_to(ROOT).as_posix()
    return f"{shown}:{line}" if line else shown
