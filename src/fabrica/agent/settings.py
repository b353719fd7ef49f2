"""What an operator sets for one agent, read from `agent.toml`."""

import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator

from fabrica.wire.agents import AgentSettingsRefused
from fabrica.wire.bodies import Request


class AgentSettings(Request):
    """One agent's settings. `engine_settings` are the engine's own, for example its partitions."""

    server: str = Field(description="address of the server, `https://…`")
    token_file: Path = Field(description="file that holds the agent's token and nothing else")
    folder: Path = Field(description="the agent's own folder: journal, attempts, caches")
    engine: Literal["local", "slurm", "simulated"] = Field(
        default="local",
        description="what runs the work: this machine, or nothing, pretended; `slurm` is not in this version",
    )
    engine_settings: dict[str, Any] = Field(
        default_factory=dict, description="keywords of that engine, for example `grace_seconds` of `local`"
    )
    country: str | None = Field(
        default=None, pattern=r"^[A-Z]{2}$", description="ISO code of the country the site stands in"
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
    wait_seconds: float = Field(default=20, ge=0, le=25, description="how long one question for work may stay open")
    keep_days: float = Field(default=7, ge=0, le=365, description="how long the folder of an ended attempt is kept")
    log_bytes_max: int = Field(default=16 * 2**20, ge=2**16, description="of one attempt's log, sent to the server")
    dataset_bytes_max: int = Field(default=50 * 2**30, ge=2**10, description="of one file of a dataset")
    outputs_bytes_max: int = Field(default=2 * 2**30, ge=0, description="of all outputs of one attempt")
    outputs_files_max: int = Field(default=1000, ge=0, description="of one attempt")

    @field_validator("server")
    @classmethod
    def _address(cls, text: str) -> str:
        if not text.startswith(("https://", "http://")):
            raise ValueError("write the whole address, for example 'https://fabrica.example.eu'")
        return text.rstrip("/")

    @field_validator("token_file", "folder", "file_sources")
    @classmethod
    def _absolute(cls, value: Path | tuple[Path, ...]) -> Path | tuple[Path, ...]:
        paths = value if isinstance(value, tuple) else (value,)
        if not all(path.is_absolute() for path in paths):
            raise ValueError("write a path that starts with /")
        return value


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
        mistakes = [_mistake(error) for error in trouble.errors()]
        raise AgentSettingsRefused(
            f"{path} has {len(mistakes)} mistake{'s' if len(mistakes) > 1 else ''}: {'; '.join(mistakes)}.",
            remedy=f"Known keys are: {', '.join(AgentSettings.model_fields)}.",
            path=str(path),
            mistakes=mistakes,
        ) from trouble


def _mistake(error: Any) -> str:
    key = ".".join(str(part) for part in error["loc"])
    match error["type"]:
        case "extra_forbidden":
            return f"'{key}' is not a known key"
        case "missing":
            return f"'{key}' is missing"
        case _:
            return f"'{key}': {error['msg'].removeprefix('Value error, ')}"


def read_token(path: Path) -> str:
    """Return the agent's token.

    Raises:
        AgentSettingsRefused: the file is missing, empty, or readable by others than its owner.
    """
    try:
        mode = path.stat().st_mode
        token = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as trouble:
        raise AgentSettingsRefused(
            f"the token file {path} cannot be read ({type(trouble).__name__}).", remedy="Enrol the agent again."
        ) from trouble
    if mode & 0o077:
        raise AgentSettingsRefused(f"others may read the token file {path}.", remedy=f"Run: chmod 600 {path}")
    if not token or len(token.split()) != 1:
        raise AgentSettingsRefused(f"the token file {path} holds no token.", remedy="Enrol the agent again.")
    return token
