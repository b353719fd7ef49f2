"""Settings: a mistake is named, with what would be right."""

from pathlib import Path

import pytest

from fabrica.agent.settings import read_settings, read_token
from fabrica.wire.agents import AgentSettingsRefused

_GOOD = 'server = "https://fabrica.example.eu/"\ntoken_file = "/etc/fabrica/token"\nfolder = "/var/lib/fabrica"\n'


def _written(folder: Path, text: str) -> Path:
    (folder / "agent.toml").write_text(text)
    return folder / "agent.toml"


def test_good_settings_are_read(tmp_path: Path) -> None:
    settings = read_settings(_written(tmp_path, _GOOD + '[engine_settings]\npartition = "fast"\n'))
    assert settings.server == "https://fabrica.example.eu"
    assert settings.engine_settings == {"partition": "fast"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (_GOOD + "foldr = 1\n", "'foldr' is not a known key"),
        ('server = "https://x"\n', "'token_file' is missing"),
        (_GOOD + 'country = "Finland"\n', "'country'"),
        (_GOOD.replace("https://", ""), "write the whole address"),
        (_GOOD.replace("/var", "var"), "write a path that starts with /"),
        ("server = \n", "is not TOML"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(AgentSettingsRefused, match=r"agent\.toml") as refused:
        read_settings(_written(tmp_path, text))
    assert words in str(refused.value)


def test_missing_settings_are_named(tmp_path: Path) -> None:
    with pytest.raises(AgentSettingsRefused, match="cannot be read"):
        read_settings(tmp_path / "agent.toml")


def test_a_token_that_others_may_read_is_refused(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("secret\n")
    token.chmod(0o644)
    with pytest.raises(AgentSettingsRefused, match="others may read") as refused:
        read_token(token)
    assert "secret" not in str(refused.value)
    token.chmod(0o600)
    assert read_token(token) == "secret"
