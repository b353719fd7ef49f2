"""What an operator sets for the Slurm engine: which partitions Fabrica may use, and this site's quirks."""

from collections import Counter
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from fabrica.engines.containers import PROGRAM
from fabrica.reference.accelerators import load_accelerators
from fabrica.values.ids import ProjectId
from fabrica.values.quantities import CPU_CORE, check_resource_class
from fabrica.wire.agents import settings_refused
from fabrica.wire.bodies import Request

Word = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,99}$")]


class SlurmPartition(Request):
    """One partition as Fabrica offers it, and what it is in Slurm.

    Two of them may share a Slurm partition whose nodes hold different accelerators.
    """

    name: Word = Field(description="Fabrica's name, shown to users")
    slurm: Word | None = Field(default=None, description="Slurm's name; null: the same")
    resource_class: str = CPU_CORE
    accelerator: str | None = Field(default=None, description="key of reference/accelerators.yaml; null: unknown")
    software_stack: Literal["cpu", "cuda-x86", "cuda-arm", "rocm"] | None = Field(
        default=None, description="null: the accelerator's own"
    )
    gres: Word = Field(default="gpu", description="name of the devices in Slurm's gres")
    gres_type: Word | None = Field(default=None, description="their type in Slurm's gres; null: any")
    account: Word | None = Field(default=None, description="Slurm account the jobs are charged to; null: its default")
    qos: Word | None = None
    constraint: str | None = Field(default=None, max_length=200, pattern=r"^[\w&|\[\]()*.:-]+$")
    cpus_per_device: int = Field(default=1, ge=1, le=1024, description="CPUs asked for with each accelerator")
    time_limit_seconds_max: int | None = Field(default=None, ge=60, description="null: the partition's own")
    nodes_per_run_max: int | None = Field(default=None, ge=1, description="null: all nodes of the partition")
    requeue: bool = Field(
        default=False, description="whether Slurm may start a job anew by itself, after preemption or a node's failure"
    )
    containers: bool | None = Field(
        default=None, description="whether its nodes have Apptainer; null: they do when the agent's own machine has it"
    )
    modules: tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.+/-]{0,99}$")], ...] = Field(
        default=(), max_length=20, description="environment modules loaded before each command, such as `cuda/12`"
    )
    options: tuple[Annotated[str, Field(pattern=r"^--[a-z][a-z-]*(=[\w.,:/@%+-]+)?$")], ...] = Field(
        default=(), description="further options of sbatch that this site needs, such as `--reservation=fabrica`"
    )

    @field_validator("resource_class")
    @classmethod
    def _known_form(cls, text: str) -> str:
        return check_resource_class(text)

    @model_validator(mode="after")
    def _accelerator_fits(self) -> "SlurmPartition":
        if self.accelerator is None:
            return self
        known = load_accelerators().get(self.accelerator)
        if known is None:
            raise ValueError(f"accelerator '{self.accelerator}' is not in the reference of accelerators")
        if known.resource_class != self.resource_class:
            raise ValueError(f"{self.accelerator} is {known.resource_class}, not {self.resource_class}")
        return self

    @property
    def slurm_name(self) -> str:
        return self.slurm or self.name

    @property
    def on_cores(self) -> bool:
        return self.resource_class == CPU_CORE

    @property
    def stack(self) -> Literal["cpu", "cuda-x86", "cuda-arm", "rocm"] | None:
        """The software stack as set, else the accelerator's own."""
        if self.software_stack or self.on_cores:
            return self.software_stack or "cpu"
        known = load_accelerators().get(self.accelerator or "")
        return known.software_stack if known else None


class SlurmSettings(Request):
    """The engine's settings: `engine_settings` of agent.toml when `engine` is `slurm`."""

    partitions: tuple[SlurmPartition, ...] = Field(min_length=1)
    form: Literal["commands", "rest"] = Field(default="commands", description="how Slurm is asked")
    slurm_conf: Path | None = Field(default=None, description="null: where Slurm itself looks for it")
    command_folder: Path | None = Field(default=None, description="folder of sbatch and its like; null: on PATH")
    rest_url: str | None = Field(default=None, pattern=r"^https?://", description="address of slurmrestd")
    rest_token_file: Path | None = Field(default=None, description="file with the token; read anew when it changes")
    rest_token_folder: Path | None = Field(
        default=None, description="tokens of the people's own accounts, a file each, named as the account"
    )
    rest_user: Word | None = Field(default=None, description="the token's user; null: who runs the agent")
    python: Path = Field(default=Path("/usr/bin/python3"), description="a Python 3.6 or newer on the nodes")
    apptainer: str = Field(
        default=PROGRAM,
        pattern=r"^(/[\w./+-]+|[\w.+-]+)$",
        description="Apptainer on the nodes: a path, or a name on the PATH that modules may bring",
    )
    grace_seconds: int = Field(default=30, ge=1, le=3600, description="between a run's time limit and its kill")
    signal_seconds: int = Field(
        default=60, ge=0, le=3600, description="how long before its time limit a run is warned; at most a tenth of it"
    )
    log_bytes_max: int = Field(default=64 * 2**20, ge=2**16, description="of one attempt's log on the site's disk")
    look_seconds: float = Field(default=1, gt=0, le=600, description="between two looks at the queue, at least")
    accounting_seconds: float = Field(default=2, gt=0, le=600, description="between two looks at the accounting")
    command_seconds: float = Field(default=30, gt=0, le=600, description="after this a command of Slurm hangs")
    doubt_seconds: float = Field(
        default=30,
        ge=0,
        le=3600,
        description="how long queue and accounting must both be empty before a lost submission is done again",
    )
    settle_seconds: float = Field(
        default=10, ge=0, le=3600, description="how long an end waits for what comes late: accounting, the run's marks"
    )
    vanish_seconds: float = Field(
        default=180, ge=1, le=86_400, description="how long a job that nobody knows any more is still looked for"
    )
    accounting: bool | None = Field(default=None, description="whether sacct answers; null: it is tried at the start")
    project_accounts: dict[ProjectId, Word] = Field(
        default_factory=dict,
        description="Slurm account of each project, by the project's id: its runs are charged there, and its "
        "allocation is mirrored as that account's limit; a project that is not "
        "named uses the partition's account, unmirrored",
    )

    @field_validator("slurm_conf", "command_folder", "rest_token_file", "rest_token_folder", "python")
    @classmethod
    def _absolute(cls, path: Path | None) -> Path | None:
        if path is not None and not path.is_absolute():
            raise ValueError("write a path that starts with /")
        return path

    @field_validator("project_accounts")
    @classmethod
    def _one_project_each(cls, table: dict[ProjectId, str]) -> dict[ProjectId, str]:
        lowered = {project: account.lower() for project, account in table.items()}  # as Slurm keeps them
        shared = sorted(account for account, times in Counter(lowered.values()).items() if times > 1)
        if shared:
            raise ValueError(f"{', '.join(shared)} is named for two projects; give each an account of its own")
        return lowered

    @model_validator(mode="after")
    def _whole(self) -> "SlurmSettings":
        names = [one.name for one in self.partitions]
        if len(set(names)) < len(names):
            raise ValueError("two partitions have one name")
        if self.form == "rest" and not (self.rest_url and self.rest_token_file):
            raise ValueError("form 'rest' needs rest_url and rest_token_file")
        return self

    def account_of(self, project: ProjectId | None, partition: SlurmPartition) -> str | None:
        """Return the Slurm account a project's jobs are charged to; None: whichever is the submitter's default."""
        return (self.project_accounts.get(project) if project else None) or partition.account

    def accounts_of(self, partition: SlurmPartition) -> frozenset[str]:
        """Return every Slurm account that is named for a partition's jobs, in small letters, as Slurm keeps them."""
        own = () if partition.account is None else (partition.account.lower(),)
        return frozenset((*self.project_accounts.values(), *own))

    @property
    def by_name(self) -> dict[str, SlurmPartition]:
        return {one.name: one for one in self.partitions}


def read_slurm_settings(table: dict[str, Any]) -> SlurmSettings:
    """Read the engine's table of agent.toml.

    Raises:
        AgentSettingsRefused: a key is unknown, missing or malformed; each is named.
    """
    try:
        return SlurmSettings.model_validate(table)
    except ValidationError as trouble:
        known = f"{', '.join(SlurmSettings.model_fields)}; of a partition: {', '.join(SlurmPartition.model_fields)}"
        raise settings_refused("engine_settings of slurm have", trouble, known) from trouble
