"""Commands at a site see what the site's service sees."""

import json
import os
from pathlib import Path

import pytest

from tests.cli.running import run


def test_the_check_takes_the_way_out_that_the_service_will_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "environ", {"PATH": os.defpath, "HTTP_PROXY": "http://of-the-shell:3128"})
    settings = tmp_path / "agent.toml"
    settings.write_text(
        'server = "https://fabrica.example.eu"\nengine = "simulated"\n'
        f'key_file = "{tmp_path}/agent.key"\nfolder = "{tmp_path}/agent"\n'
    )
    (tmp_path / "agent.env").write_text("HTTPS_PROXY=http://proxy:3128\nHTTP_PROXY=http://of-the-file:3128\n")
    findings = json.loads(run("agent", "check", "--json", settings).stdout)["findings"]
    assert [one["words"] for one in findings if one["subject"] == "proxy"] == ["HTTPS_PROXY is http://proxy:3128"]
    assert os.environ["HTTP_PROXY"] == "http://of-the-shell:3128"
