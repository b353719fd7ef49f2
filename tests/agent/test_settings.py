"""Settings: a mistake is named, with what would be right."""

from pathlib import Path

import pytest

from fabrica.agent.settings import read_settings, variables_beside
from fabrica.values.ids import UserId
from fabrica.wire.agents import AgentSettingsRefused

_START = 'server = "https://fabrica.example.eu/"\nkey_file = "/etc/fabrica/agent.key"\nfolder = "/var/lib/fabrica"\n'
_SLURM = _START + 'engine = "slurm"\n'
_GOOD = _START + 'site_accounts = "own"\nperson = "ada@example.eu"\n'


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
        ('server = "https://x"\n', "'key_file' is missing"),
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


@pytest.mark.parametrize(("more", "told"), [("foldr = 1\n", True), ('country = "Finland"\n', False)])
def test_the_known_keys_are_told_where_a_key_is_wrong_and_not_where_a_value_is(
    tmp_path: Path, more: str, told: bool
) -> None:
    with pytest.raises(AgentSettingsRefused) as refused:
        read_settings(_written(tmp_path, _GOOD + more))
    assert ("Known keys are: server, key_file, folder" in refused.value.remedy) == told


def test_missing_settings_are_named(tmp_path: Path) -> None:
    with pytest.raises(AgentSettingsRefused, match="cannot be read"):
        read_settings(tmp_path / "agent.toml")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (_START, "`site_accounts` is missing"),
        (_START + 'site_accounts = "own"\n', "are set together"),
        (_START + 'person = "ada@example.eu"\n[site_accounts]\n"ada@example.eu" = "ada"\n', "are set together"),
        (_SLURM + '[site_accounts]\n"ada@example.eu" = "root"\n', "is no account that runs may execute as"),
        (_SLURM + '[site_accounts]\n"ada@example.eu" = "ada; rm -rf /"\n', "is no account"),
        (_SLURM + '[site_accounts]\n"ada@example.eu" = "-u root"\n', "is no account"),
        (_SLURM + '[site_accounts]\n"somebody" = "ada"\n', "'somebody' is not an id"),
        (_SLURM.replace("https://fabrica.example.eu", "http://127.0.0.1:8400"), "`site_accounts` is missing"),
        (_START + '[site_accounts]\n"ada@example.eu" = "ada"\n', "the engine `local` executes everything as"),
    ],
)
def test_runs_never_execute_all_as_one_account_of_a_site(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(AgentSettingsRefused) as refused:
        read_settings(_written(tmp_path, text))
    assert words in str(refused.value)


def test_an_embedded_network_and_a_simulated_site_ask_for_no_accounts(tmp_path: Path) -> None:
    embedded = _START.replace("https://fabrica.example.eu", "http://127.0.0.1:8400")
    for text in (embedded, _START + 'engine = "simulated"\n'):
        assert read_settings(_written(tmp_path, text)).site_accounts is None


def test_people_are_mapped_to_accounts_by_address_or_id(tmp_path: Path) -> None:
    user = UserId.new()
    text = _SLURM + f'[site_accounts]\n"Ada@example.eu" = "ada"\n"{user}" = "EU\\\\grace"\n'
    with pytest.raises(AgentSettingsRefused, match="is no account"):
        read_settings(_written(tmp_path, text))
    text = text.replace("EU\\\\grace", "grace.h")
    assert read_settings(_written(tmp_path, text)).site_accounts == {"Ada@example.eu": "ada", user: "grace.h"}


def test_variables_beside_the_settings_are_read_as_a_service_would_have_them(tmp_path: Path) -> None:
    settings = tmp_path / "agent.toml"
    assert variables_beside(settings) == {}
    (tmp_path / "agent.env").write_text(
        "# the way out\n\nHTTPS_PROXY=http://proxy:3128/?a=b\nSSL_CERT_FILE='/etc/our own.pem'\n"
    )
    expected = {"HTTPS_PROXY": "http://proxy:3128/?a=b", "SSL_CERT_FILE": "/etc/our own.pem"}
    assert variables_beside(settings) == expected


def test_a_broken_line_of_variables_is_named_by_its_number_and_not_shown(tmp_path: Path) -> None:
    (tmp_path / "agent.env").write_text("A=1\nhttp://user:secret@proxy\n")
    with pytest.raises(AgentSettingsRefused, match="line 2") as refused:
        variables_beside(tmp_path / "agent.toml")
    assert "secret" not in str(refused.value)
