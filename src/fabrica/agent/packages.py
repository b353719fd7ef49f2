"""What is really installed in an environment: told by its own Python, kept beside it, never counted twice."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

from fabrica.agent.failures import AttemptFailed
from fabrica.engines.files import read_json
from fabrica.values.files import write_whole
from fabrica.values.states import EndReason

CONTENT = "fabrica-content.json"
"""A file in the folder of an environment: its Python and its packages."""

_SECONDS_MAX = 300
_ASK = """
import hashlib, importlib.metadata, json, platform
packages = []
for one in importlib.metadata.distributions():
    record = one.read_text("RECORD")
    digest = hashlib.sha256(record.encode()).hexdigest() if record else None
    packages.append({"name": one.metadata["Name"], "version": one.version, "record_sha256": digest})
python = {"implementation": platform.python_implementation(), "version": platform.python_version()}
print(json.dumps({"python": python, "packages": packages}))
"""


def keep_content(environment: Path, report: Path | None) -> None:
    """Ask a new environment what it holds, and keep the answer in it.

    `report` is what pip says of an installation (`--report`): it names the SHA-256 of the archive that each package
    came from.

    Raises:
        AttemptFailed: ENVIRONMENT_FAILED; its Python does not answer.
    """
    asking = [str(environment / "bin" / "python"), "-I", "-c", _ASK]
    try:
        said = subprocess.run(
            asking, capture_output=True, check=True, timeout=_SECONDS_MAX, env={}, stdin=subprocess.DEVNULL
        )
        content: dict[str, Any] = json.loads(said.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as trouble:
        raise AttemptFailed(
            EndReason.ENVIRONMENT_FAILED, f"The Python of the new environment does not answer: {trouble}."
        ) from trouble
    archives = _archives(read_json(report) or {}) if report else {}
    for package in content["packages"]:
        package["archive_sha256"] = archives.get((_plain(package["name"]), package["version"]))
    content["packages"].sort(key=lambda package: _plain(package["name"]))
    write_whole(environment / CONTENT, json.dumps(content).encode())


def _archives(report: dict[str, Any]) -> dict[tuple[str, str], str]:
    """Return the SHA-256 of each installed archive, as pip's report has it. Source: pip, Installation Report."""
    found = {}
    for one in report.get("install", ()):
        about, archive = one.get("metadata", {}), one.get("download_info", {}).get("archive_info", {})
        digest = archive.get("hashes", {}).get("sha256") or archive.get("hash", "").removeprefix("sha256=")
        if digest:
            found[_plain(about.get("name", "")), about.get("version", "")] = digest
    return found


def _plain(name: str) -> str:
    """Return a package's name in the one form that all its spellings share. Source: PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()
