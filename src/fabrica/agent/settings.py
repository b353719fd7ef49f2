"""What an operator sets for one agent, read from `agent.toml`."""

import re
import tomllib
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator

from fabrica.values.ids import UserId
from fabrica.wire.agents import AgentSettingsRefused, settings_refused
from fabrica.wire.bodies import Request

_ACCOUNT = re.compile(r"[a-z_][a-z0-9_.-]{0,63}", re.IGNORECASE)  # what useradd takes, and directory services' names
_VARIABLE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,200}")


class AgentSettings(Request):
    """One agent's settings. `engine_settings` are the engine's own, for example its partitions."""

    server: str = Field(description="address of the server, `https://…`")
    key_file: Path = Field(description="file of mode 600 with the agent's key; `fabrica agent enrol` makes it")
    folder: Path = Field(description="the agent's own folder: journal, attempts, caches")
    engine: Literal["local", "slurm", "simulated"] = Field(
        default="local",
        description="what runs the work: this machine, the Slurm of the site, or nothing, pretended",
    )
    engine_settings: dict[str, Any] = Field(
        default_factory=dict, description="keywords of that engine, for example `grace_seconds` of `local`"
    )
    country: str | None = Field(
        default=None, pattern=r"^[A-Z]{2}$", description="ISO code of the country the site stands in"
    )
    site_accounts: dict[str, str] | Literal["own"] | None = Field(
        default=None,
        description="which account of this site a person's runs execute as: a table from their e-mail address or id "
        'to the account; or `"own"`, the agent\'s own account, for the one `person` whose agent it is; absent: the '
        "agent's own account, for an embedded network or a simulated site only",
    )
    person: str | None = Field(
        default=None, description='whose agent it is when `site_accounts` is `"own"`: their e-mail address or id'
    )
    support: str = Field(
        default="the site's support",
        max_length=200,
        description="whom to ask for an account at the site, as people are told",
    )
    file_sources: tuple[Path, ...] = Field(default=(), description="folders that `file:` datasets may come from")
    private_hosts: tuple[str, ...] = Field(
        default=(), description="hosts inside the site's own network that `https:` datasets may come from"
    )
    attempts_at_once: int = Field(
        default=100, ge=1, le=100_000, description="how many attempts the agent holds; beyond, it declines"
    )
    workers: int = Field(default=4, ge=1, le=64, description="how many attempts are staged or finished at once")
    tick_seconds: float = Field(default=0.5, gt=0, le=60, description="between two looks while an attempt is alive")
    usage_seconds: float = Field(default=5, gt=0, le=3600, description="between two reports of what a run uses")
    inventory_seconds: float = Field(default=30, gt=0, le=3600, description="between two counts of what is free")
    history_seconds: float = Field(default=60, gt=0, le=86_400, description="between two looks at past queue waits")
    history_days: float = Field(default=30, gt=0, le=366, description="how far back queue waits are looked at")
    limits_seconds: float | None = Field(
        default=None,
        gt=0,
        le=86_400,
        description="between two looks at how allocations stand as limits of the scheduler's accounts, and at who went "
        "round Fabrica; the agent reports and sets nothing; absent: only 'fabrica agent limits' looks",
    )
    wait_seconds: float = Field(default=20, ge=0, le=25, description="how long one question for work may stay open")
    keep_days: float = Field(default=7, ge=0, le=365, description="how long the folder of an ended attempt is kept")
    log_bytes_max: int = Field(default=16 * 2**20, ge=2**16, description="of one attempt's log, sent to the server")
    cache_bytes_max: int = Field(
        default=200 * 2**30,
        ge=0,
        description="of kept datasets, bundles and environments together; beyond, what was not used for longest goes, "
        "but nothing that a living attempt uses",
    )
    dataset_bytes_max: int = Field(default=50 * 2**30, ge=2**10, description="of one file of a dataset")
    outputs_bytes_max: int = Field(default=2 * 2**30, ge=0, description="of all outputs of one attempt")
    outputs_files_max: int = Field(default=1000, ge=0, description="of one attempt")

    @field_validator("server")
    @classmethod
    def _address(cls, text: str) -> str:
        if not text.startswith(("https://", "http://")):
            raise ValueError("write the whole address, for example 'https://fabrica.example.eu'")
        return text.rstrip("/")

    @field_validator("key_file", "folder", "file_sources")
    @classmethod
    def _absolute(cls, value: Path | tuple[Path, ...]) -> Path | tuple[Path, ...]:
        paths = value if isinstance(value, tuple) else (value,)
        if not all(path.is_absolute() for path in paths):
            raise ValueError("write a path that starts with /")
        return value

    @field_validator("site_accounts")
    @classmethod
    def _accounts(cls, value: dict[str, str] | str | None) -> dict[str, str] | str | None:
        for person, account in value.items() if isinstance(value, dict) else ():
            check_person(person)
            if not _ACCOUNT.fullmatch(account) or account == "root":
                raise ValueError(f"{account!r} is no account that runs may execute as")
        return value

    @field_validator("person")
    @classmethod
    def _person(cls, value: str | None) -> str | None:
        if value is not None:
            check_person(value)
        return value

    @model_validator(mode="after")
    def _whose(self) -> "AgentSettings":
        if (self.site_accounts == "own") != (self.person is not None):
            raise ValueError('`site_accounts = "own"` and `person` are set together: whose account it is')
        if self.engine == "local" and isinstance(self.site_accounts, dict):
            raise ValueError(
                "the engine `local` executes everything as the agent's own account; it takes no table of "
                '`site_accounts`, only "own"'
            )
        is_own_network = self.engine != "slurm" and is_loopback(self.server)
        if self.site_accounts is None and self.engine != "simulated" and not is_own_network:
            raise ValueError(
                "`site_accounts` is missing: runs execute as people's own accounts of the site, never all as one. "
                "Write a table [site_accounts]"
            )
        return self


def check_person(text: str) -> None:
    """Accept what a person is named by in settings: an id or an e-mail address.

    Raises:
        ValueError: it is neither.
    """
    if not _EMAIL.fullmatch(text):
        UserId.parse(text)


def is_loopback(server: str) -> bool:
    """Say whether an address is this machine's own."""
    return urlsplit(server).hostname in ("127.0.0.1", "::1", "localhost")


def read_settings(path: Path) -> AgentSettings:
    """Read `agent.toml`.

    Raises:
        AgentSettingsRefused: the file is missing, is no TOML, or has an unknown or malformed key; each is named.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        return AgentSettings.model_validate(table)
    except OSError as trouble:
        raise AgentSettingsRefused(
            f"{path} cannot be read: {trouble.strerror}.", remedy="Write it, or name another file.", path=str(path)
        ) from trouble
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as trouble:
        raise AgentSettingsRefused(
            f"{path} is not TOML: {trouble}.", remedy="Correct that place.", path=str(path)
        ) from trouble
    except ValidationError as trouble:
        known = ", ".join(AgentSettings.model_fields)
        raise settings_refused(f"{path} has", trouble, known, path=str(path)) from trouble


def variables_beside(path: Path) -> dict[str, str]:
    """Return the variables that `agent.env` beside an `agent.toml` sets, such as HTTPS_PROXY; none without that file.

    Raises:
        AgentSettingsRefused: it cannot be read, or a line is no NAME=value; such a line, which may hold a password, is
            not shown.
    """
    file = path.with_name("agent.env")
    variables = {}
    try:
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    except (OSError, UnicodeDecodeError) as trouble:
        raise AgentSettingsRefused(f"{file} cannot be read ({type(trouble).__name__}).", path=str(file)) from trouble
    for number, line in enumerate(map(str.strip, lines), start=1):
        if not line or line.startswith("#"):
            continue
        if (found := _VARIABLE.fullmatch(line)) is None:
            words = f"{file}, line {number}: it sets no variable."
            raise AgentSettingsRefused(words, remedy="Write NAME=value, or # before a remark.", path=str(file))
        name, value = found.groups()
        is_quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
        variables[name] = value[1:-1] if is_quoted else value
    return variables
