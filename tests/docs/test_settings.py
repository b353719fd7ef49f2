"""Every setting of a server is explained where an operator looks for it."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = ROOT / "src" / "fabrica" / "server" / "config"
PAGE = ROOT / "docs" / "how-to" / "install-a-server.md"


def test_every_setting_that_a_server_reads_is_in_the_guide_to_install_one() -> None:
    read = {name for file in SETTINGS.glob("*.py") for name in re.findall(r"FABRICA_[A-Z_]+", file.read_text("utf-8"))}
    assert len(read) > 10
    explained = set(re.findall(r"`(FABRICA_[A-Z_]+)`", PAGE.read_text("utf-8")))
    assert not read - explained
