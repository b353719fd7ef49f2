"""Small networks and jobs for tests: valid by default."""

from typing import Any

import numpy

from fabrica.planning.network.asks import Ask
from fabrica.planning.network.demand import Jobs
from fabrica.planning.network.partitions import Partition
from fabrica.planning.scenarios.reading import parse_scenario
from fabrica.planning.scenarios.scenario import Scenario

TINY = """
name = "tiny"
[period]
days = 3
warm_up_days = 0
replications = 2
[network]
without = ["jaif", "lumi-aif", "it4lia"]
[work]
load = 0.6
"""


def tiny(more: str = "", base: Scenario | None = None) -> Scenario:
    """Return a scenario that runs in a moment; `more` is added to its text."""
    return parse_scenario((TINY if base is None else "") + more, base=base)


def make_partition(site: str, devices: int = 16, node_devices: int = 4, **told: Any) -> Partition:
    """Return a partition of H100s, each in another country's grid."""
    given: dict[str, Any] = {
        "site": site,
        "site_name": site.upper(),
        "name": "gpu",
        "country": "DE",
        "accelerator": "H100-80G-SXM",
        "devices": devices,
        "node_devices": node_devices,
        "resource_class": "gpu.h100",
        "bf16_teraflops": 989.4,
        "idle_watts": 70.0,
        "tdp_watts": 700.0,
        "basis": "made up for a test",
        "gco2e_per_kwh": 100.0,
    }
    return Partition(**{**given, **told})


def make_jobs(rows: list[tuple[int, int, int, int]]) -> Jobs:
    """Return jobs of submit, run time, units and limit, in order; all of one ask and one class."""
    submit, runtime, units, limit = (numpy.array(column, numpy.int64) for column in zip(*sorted(rows), strict=True))
    per_node = numpy.minimum(units, 4)
    return Jobs(
        submit=submit,
        runtime=runtime.astype(numpy.int32),
        limit=limit.astype(numpy.int32),
        units=units,
        nodes=(-(-units // per_node)).astype(numpy.int32),
        node_devices=per_node.astype(numpy.int32),
        ask=numpy.zeros(len(submit), numpy.int16),
        job_class=numpy.zeros(len(submit), numpy.int8),
        account=numpy.zeros(len(submit), numpy.int32),
        level=numpy.zeros(len(submit), numpy.int8),
    )


def some_jobs(count: int, seed: int, span: int = 20_000, units_max: int = 16) -> Jobs:
    """Return jobs made by chance that contend for a few nodes."""
    draw = numpy.random.default_rng(seed)
    columns = (
        draw.integers(0, span, count),
        draw.integers(1, 3_000, count),
        draw.integers(1, units_max + 1, count),
        draw.integers(1, 6_000, count),
    )
    return make_jobs(list(zip(*(column.tolist() for column in columns), strict=True)))


ANY = (Ask(),)
