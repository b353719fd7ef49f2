"""A year of the network with its broker: 24 sites, over 588,000 GPUs, 10 million jobs. Prints bars, then one JSON line.

Usage: python -m benchmarks.twin_network [--jobs N] [--rules]

The network is that of the reference data, and what no source tells is assumed for this measurement alone: a size for
each AI Factory without a published one, and five gigafactories of the programme's size. Half of the jobs may run on
any accelerator, so the broker weighs every partition for each of them, and no part of the network can be run alone.
With `--rules` sites share fairly among 500 accounts with grants, services make jobs of a lower level make room, nodes
stop at the published rate and jobs save every hour, and every site is closed for eight hours every 30 days.
Counted is the CPU time of this process, which uses one core: making the jobs, the broker's decisions by the compiled
kernel of the live service, all starts and ends, and the sums. Not counted: compiling, once on a machine.
"""

import argparse
import json
import time

from fabrica.planning.network.demand import demand_of, draw
from fabrica.planning.network.members import Network, network_of
from fabrica.planning.network.setting import setting_of
from fabrica.planning.network.year import run_part
from fabrica.planning.scenarios.reading import parse_scenario
from fabrica.planning.scenarios.scenario import Scenario

JOBS_BAR, DEVICES_BAR, SITES_BAR, SECONDS_BAR = 10_000_000, 588_000, 24, 120.0
ASSUMED = (
    ("hammerhai", "DE"),
    ("pharos", "GR"),
    ("mimer", "SE"),
    ("ai-at", "AT"),
    ("ai2f", "FR"),
    ("piast", "PL"),
    ("litai", "LT"),
    ("nlaif", "NL"),
    ("gaia", "PL"),
    ("ro-aif", "RO"),
    ("1healthai", "ES"),
)
GIGAFACTORIES = ("FI", "AT", "PL", "ES", "DE")
RULES = """
[rules]
fair_share = true
preemption = true
device_hours_per_stop = 50_677
checkpoint_seconds = 3_600
[levels]
services = 1
[accounts]
count = 500
device_hours = 200_000_000
[[window]]
from_day = 30
hours = 8
every_days = 30
"""


def main() -> None:
    """Measure, print the bars, and end with one JSON object."""
    parser = argparse.ArgumentParser(description="Measure a year of the network.")
    parser.add_argument("--jobs", type=int, default=JOBS_BAR)
    parser.add_argument("--rules", action="store_true")
    wanted = parser.parse_args()
    rules = RULES if wanted.rules else ""
    one_year(scenario(20_000, rules, days=1))  # compiles, or reads what was compiled
    asked = scenario(wanted.jobs, rules)
    network = network_of(asked)
    begun, clock = time.process_time(), time.perf_counter()
    jobs, use, wait = one_year(asked)
    seconds, wall = time.process_time() - begun, time.perf_counter() - clock
    print(f"{len(network.sites)} sites, {network.devices:,} devices, {jobs:,} jobs in 365 days")
    print(f"use {use:.1%}, mean wait {wait:,.0f} s; {wall:,.1f} s on the clock, {_peak_mb():,} MB at most")
    bar("sites", len(network.sites), SITES_BAR)
    bar("devices", network.devices, DEVICES_BAR)
    print(
        f"CPU seconds: {seconds:,.1f} (bar: at most {SECONDS_BAR:,.0f}) {'met' if seconds <= SECONDS_BAR else 'MISSED'}"
    )
    said = {"unit": "CPU-s", "against": "a bar of 120 s of one core", "jobs": jobs, "peak_mb": _peak_mb()}
    speed = round(jobs / seconds)
    name = "twin_network_year_with_rules" if wanted.rules else "twin_network_year"
    print(json.dumps({"name": name, "value": round(seconds, 1), **said, "jobs_per_cpu_second": speed}))


def bar(name: str, value: float, least: float) -> None:
    """Print one figure beside its bar."""
    print(f"{name}: {value:,.0f} (bar: at least {least:,.0f}) {'met' if value >= least else 'MISSED'}")


def scenario(jobs: int, rules: str, days: int = 365) -> Scenario:
    """Return the scenario, with what it assumes."""
    text = [
        f'name = "benchmark"\n[period]\ndays = {days}\nwarm_up_days = 0\nreplications = 1',
        '[network]\nsystems = ["current", "incoming"]',
        f"[work]\nload = 0.7\nportable_share = 0.5\njobs = {jobs if days > 1 else 30_000}",
    ]
    for site, country in ASSUMED:
        text.append(_site(site, country, "H200-141G-SXM", 1_192))
    text.append(rules)
    for number, country in enumerate(GIGAFACTORIES):
        text.append(_site(f"gigafactory-{number + 1}", country, "GB300", None))
    return parse_scenario("\n".join(text))


def _site(site: str, country: str, accelerator: str, devices: int | None) -> str:
    size = "" if devices is None else f"devices = {devices}\n"
    return (
        f'[[site]]\nid = "{site}"\ncountry = "{country}"\naccelerator = "{accelerator}"\n{size}'
        'basis = "assumed for a measurement of speed"'
    )


def one_year(asked: Scenario) -> tuple[int, float, float]:
    """Run it once, and return its jobs, the mean use and the mean wait in seconds."""
    network, demand = network_of(asked), demand_of(asked)
    rows = tuple(range(len(demand.asked)))
    tally = run_part(
        network.partitions,
        [one.ask for one in demand.asked],
        draw(demand, rows, 0),
        setting_of(asked, demand, 0),
        [one.activity for one in demand.classes],
    )
    jobs = int(tally.jobs.sum())
    return jobs, float(tally.busy.sum()) / _offered(network, asked.period.days), float(tally.wait_seconds.sum()) / jobs


def _offered(network: Network, days: int) -> float:
    return network.devices * days * 86_400.0


def _peak_mb() -> int:
    import resource

    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6)


if __name__ == "__main__":
    main()
