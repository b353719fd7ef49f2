"""Choose the newest versions that pyproject.toml allows and write them, with hashes, to requirements/*.lock."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = {  # in this order: what a site or server runs is what was tested
    "dev.lock": ["--all-extras", "--group", "dev"],
    "run.lock": [
        "--extra",
        "server",
        "--extra",
        "documents",
        "--extra",
        "planning",
        "--constraint",
        "requirements/dev.lock",
    ],
}
COMMON = ["--universal", "--generate-hashes", "--no-header", "--no-annotate", "--python-version", "3.11"]


def main() -> None:
    """Write the lock files anew; they name no index, so each machine uses its own."""
    for name, wanted in LOCKS.items():
        _compile("pyproject.toml", name, wanted)
    _compile("requirements/build.in", "build.lock", ["--constraint", "requirements/dev.lock"])


def _compile(source: str, name: str, wanted: list[str]) -> None:
    uv = [str(Path(sys.executable).parent / "uv"), "pip", "compile", source, *wanted, *COMMON]
    command = [*uv, "--no-emit-index-url", "--upgrade", "--quiet", "--output-file", f"requirements/{name}"]
    subprocess.run(command, cwd=ROOT, check=True)
    print(f"Wrote requirements/{name}")


if __name__ == "__main__":
    main()
