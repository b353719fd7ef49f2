"""The configuration of one site's Slurm as text, from a description of the site."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

PORTS_PER_SITE = 64
FIRST_NODE_PORT = 8
NODES_MAX = PORTS_PER_SITE - FIRST_NODE_PORT - 1  # the last port of a block is held by the test that uses the block
SOCKET_PATH_BYTES_MAX = 107


@dataclass(frozen=True, slots=True)
class Partition:
    """A queue of the site; `options` is text such as `MaxTime=0-01:00:00 PriorityTier=2`."""

    name: str
    nodes: str = "ALL"
    default: bool = False
    options: str = "MaxTime=1-00:00:00"


@dataclass(frozen=True, slots=True)
class Site:
    """One cluster: where it lives, what its nodes are, what it offers beside the queue.

    `devices` are the character devices that stand for one node's GPUs, the same for each node.
    """

    folder: Path
    name: str
    user: str
    port_base: int
    nodes: int = 2
    cpus_per_node: int = 8
    memory_mb_per_node: int = 4000
    gpu_type: str = "h100"
    devices: Sequence[Path] = ()
    accounting: bool = False
    rest: bool = False
    partitions: Sequence[Partition] = (Partition("gpu", default=True),)
    extra_conf: str = ""
    slurmdbd_password: str = field(default="", repr=False)

    @property
    def slurmctld_port(self) -> int:
        return self.port_base

    @property
    def slurmdbd_port(self) -> int:
        return self.port_base + 1

    @property
    def rest_port(self) -> int:
        return self.port_base + 2

    @property
    def database_port(self) -> int:
        return self.port_base + 3

    @property
    def node_names(self) -> list[str]:
        return [f"{self.name}-n{number}" for number in range(1, self.nodes + 1)]

    @property
    def munge_socket(self) -> Path:
        return self.folder / "run" / "munge.sock"

    @property
    def slurm_conf_path(self) -> Path:
        return self.folder / "etc" / "slurm.conf"

    @property
    def jwt_key(self) -> Path:
        return self.folder / "state" / "jwt_hs256.key"

    def node_port(self, number: int) -> int:
        """Return the port of the slurmd of node `number`, counted from 1."""
        return self.port_base + FIRST_NODE_PORT + number - 1


def slurm_conf(site: Site) -> str:
    """Return slurm.conf."""
    folder = site.folder
    lines = [
        f"ClusterName={site.name}",
        "SlurmctldHost=localhost",
        f"SlurmctldPort={site.slurmctld_port}",
        "AuthType=auth/munge",
        f"AuthInfo=socket={site.munge_socket}",
        *_tokens(site, wanted=site.rest),
        f"SlurmUser={site.user}",
        f"SlurmdUser={site.user}",
        f"StateSaveLocation={folder}/state",
        f"SlurmdSpoolDir={folder}/spool/%n",
        f"SlurmctldPidFile={folder}/run/slurmctld.pidfile",
        f"SlurmctldLogFile={folder}/log/slurmctld.log",
        f"SlurmdPidFile={folder}/run/slurmd-%n.pidfile",
        f"SlurmdLogFile={folder}/log/slurmd-%n.log",
        "ProctrackType=proctrack/linuxproc",
        "TaskPlugin=task/none",
        "MpiDefault=none",
        "MailProg=/bin/true",
        "ReturnToService=2",
        "SlurmdParameters=config_overrides",  # lets a small machine declare large nodes
        "SelectType=select/cons_tres",
        "SelectTypeParameters=CR_Core_Memory",
        "DefMemPerCPU=100",  # else a job without --mem takes the whole node
        "SchedulerType=sched/backfill",
        "SchedulerParameters=bf_interval=1,sched_interval=1,batch_sched_delay=0",
        "JobRequeue=1",
        "MinJobAge=300",
        "KillWait=2",
        "SlurmdTimeout=10",
        "InactiveLimit=0",
        "MaxArraySize=10001",
        *(_with_accounting(site) if site.accounting else _without_accounting(site)),
        *(["GresTypes=gpu"] if site.devices else []),
        *_nodes(site),
        *(_partition(one) for one in site.partitions),
        site.extra_conf,
    ]
    return "\n".join(lines) + "\n"


def _tokens(site: Site, *, wanted: bool) -> list[str]:
    return ["AuthAltTypes=auth/jwt", f"AuthAltParameters=jwt_key={site.jwt_key}"] if wanted else []


def _with_accounting(site: Site) -> list[str]:
    return [
        "AccountingStorageType=accounting_storage/slurmdbd",
        "AccountingStorageHost=localhost",
        f"AccountingStoragePort={site.slurmdbd_port}",
        f"AccountingStoragePass={site.munge_socket}",  # AuthInfo is not used towards slurmdbd
        *(["AccountingStorageTRES=gres/gpu"] if site.devices else []),
        "AccountingStorageEnforce=associations,limits,qos,safe",
        "AccountingStoreFlags=job_comment,job_script,job_env",
        "JobAcctGatherType=jobacct_gather/linux",
        "JobAcctGatherFrequency=task=1",
        "PriorityType=priority/multifactor",
        "PriorityDecayHalfLife=0",
        "PriorityUsageResetPeriod=NONE",
        "PreemptType=preempt/qos",
        "PreemptMode=REQUEUE",
    ]


def _without_accounting(site: Site) -> list[str]:
    return [
        "AccountingStorageType=accounting_storage/none",
        "JobAcctGatherType=jobacct_gather/none",
        "JobCompType=jobcomp/filetxt",  # one line for each job that ended
        f"JobCompLoc={site.folder}/log/jobcomp.log",
    ]


def _nodes(site: Site) -> list[str]:
    gpus = f" Gres=gpu:{site.gpu_type}:{len(site.devices)}" if site.devices else ""
    shape = f"CPUs={site.cpus_per_node} RealMemory={site.memory_mb_per_node}{gpus} State=UNKNOWN"
    return [
        f"NodeName={name} NodeHostname=localhost NodeAddr=127.0.0.1 Port={site.node_port(number)} {shape}"
        for number, name in enumerate(site.node_names, start=1)
    ]


def _partition(one: Partition) -> str:
    default = "YES" if one.default else "NO"
    return f"PartitionName={one.name} Nodes={one.nodes} Default={default} State=UP {one.options}"


def gres_conf(site: Site) -> str:
    """Return gres.conf: which files are the GPUs. A count alone is ignored by slurmd, and plain files are refused."""
    if not site.devices:
        return ""
    files = ",".join(map(str, site.devices))
    return "".join(f"NodeName={name} Name=gpu Type={site.gpu_type} File={files}\n" for name in site.node_names)


def slurmdbd_conf(site: Site) -> str:
    """Return slurmdbd.conf; its file needs mode 600."""
    lines = [
        "AuthType=auth/munge",
        f"AuthInfo=socket={site.munge_socket}",
        *_tokens(site, wanted=site.rest),
        "DbdHost=localhost",
        f"DbdPort={site.slurmdbd_port}",
        f"SlurmUser={site.user}",
        f"LogFile={site.folder}/log/slurmdbd.log",
        f"PidFile={site.folder}/run/slurmdbd.pidfile",
        "StorageType=accounting_storage/mysql",
        "StorageHost=127.0.0.1",  # localhost would look for the default socket
        f"StoragePort={site.database_port}",
        "StorageUser=slurm",
        f"StoragePass={site.slurmdbd_password}",
        "StorageLoc=slurm_acct_db",
    ]
    return "\n".join(lines) + "\n"
