"""The two Slurm sites of `make slurm`: what they are called and what they have."""

from dataclasses import dataclass
from pathlib import Path

from tests.services.slurm.cluster import SlurmCluster
from tests.services.slurm.namespace import SiteNetwork


@dataclass(frozen=True, slots=True)
class LocalSite:
    """One site as this machine plays it; its GPUs are null devices, and everything else is real."""

    id: str
    title: str
    nodes: int
    cpus_per_node: int
    memory_mb_per_node: int
    gpus_per_node: int
    gpu_type: str
    accounting: bool

    @property
    def resource_class(self) -> str:
        return f"gpu.{self.gpu_type}"


SITES = (
    LocalSite(
        id="slurm-north",
        title="Slurm north, on this machine",
        nodes=2,
        cpus_per_node=8,
        memory_mb_per_node=8000,
        gpus_per_node=4,
        gpu_type="h100",
        accounting=True,
    ),
    LocalSite(
        id="slurm-south",
        title="Slurm south, on this machine",
        nodes=3,
        cpus_per_node=16,
        memory_mb_per_node=16_000,
        gpus_per_node=2,
        gpu_type="a100",
        accounting=False,
    ),
)


def cluster_of(site: LocalSite, folder: Path, network: SiteNetwork | None) -> SlurmCluster:
    """Return the cluster of a site in its folder, whether it runs or not; its ports stay those of the first start."""
    memory = folder / f"{site.id}.port"
    cluster = SlurmCluster(
        folder / site.id,
        name=site.id,
        nodes=site.nodes,
        cpus_per_node=site.cpus_per_node,
        memory_mb_per_node=site.memory_mb_per_node,
        gpus_per_node=site.gpus_per_node,
        gpu_type=site.gpu_type,
        accounting=site.accounting,
        rest=site.accounting,
        port_base=int(memory.read_text()) if memory.exists() else None,
        throwaway=False,
        prefix=network.prefix if network else (),
    )
    memory.write_text(str(cluster.site.port_base))
    return cluster
