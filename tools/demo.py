"""The main job, end to end: train a real model on this machine's embedded network, and check what it left.

Usage: python tools/demo.py [FOLDER]
Exit status 0 only when the run succeeded, its metrics are within the bounds that its fabrica.toml states, the ledger
shows the charge, the record verifies offline and the portal serves the run's page.
"""

import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FABRICA = Path(sys.executable).with_name("fabrica")


def main(folder: str = "examples/ride-demand") -> int:
    """Run the demo and return 0 when all of it is true."""
    started = time.monotonic()
    ended = subprocess.run([FABRICA, "run", folder], cwd=ROOT, check=False)
    if ended.returncode != 0:
        print(f"\nThe demo failed: 'fabrica run {folder}' ended with status {ended.returncode}.", file=sys.stderr)
        return 1
    found = ask("runs", "--limit", "1")["runs"][0]
    checks = {
        "the run succeeded": found["state"] == "succeeded",
        "its usage was charged": found["charged_milliseconds"] > 0 and charged_in_ledger(found),
        "its record verifies offline": record_verifies(found),
        "the portal serves its page": page_is_there(found["page"]),
    }
    print()
    for promise, kept in checks.items():
        print(f"{'✓' if kept else '✗'} {promise}")
    print(
        f"The demo took {time.monotonic() - started:.0f} s. The embedded network stays up; end it with 'fabrica down'."
    )
    return 0 if all(checks.values()) else 1


def ask(*arguments: str) -> Any:
    """Return what a fabrica command prints as JSON."""
    answer = subprocess.run([FABRICA, *arguments, "--json"], cwd=ROOT, check=True, capture_output=True, text=True)
    return json.loads(answer.stdout)


def charged_in_ledger(found: dict[str, Any]) -> bool:
    """Return whether the ledger's transfers for the run's attempts charge what the run says."""
    rows = ask("balance")["statement"]["rows"]
    charges = [row for row in rows if row["transfer"]["run"] == found["id"] and row["transfer"]["kind"] == "charge"]
    return bool(sum(row["milliseconds"] for row in charges) == found["charged_milliseconds"])


def record_verifies(found: dict[str, Any]) -> bool:
    """Return whether the run's record, as downloaded, is sound."""
    folder = ask("record", found["id"])["record"]
    return bool(ask("record", "verify", folder)["sound"])


def page_is_there(page: str) -> bool:
    """Return whether the portal serves the page to the person a sign-in link signs in."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    browser.open(ask("portal")["link"], timeout=30).read()
    with browser.open(page, timeout=30) as answer:
        return answer.status == 200 and page.rsplit("/", 1)[-1] in answer.read().decode()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
