"""Classes of AI jobs in the shapes that operators have published. What was read and what is assumed is told for each.

Read, of five clusters (Acme's job statistics, Hu et al., NSDI 2024, CC BY 4.0): half of the jobs ask for one GPU; half
run for at most 122 s (Seren), 124 s (Kalos), 206 s (Helios), 480 s (PAI) and 874 s (Philly), on average for 21 minutes
to 5 hours; a job asks for 1.9 to 26.8 GPUs on average, and for 1,024 or 2,048 at most.
Read, of a sampled year of Alibaba's PAI cluster (99,998 jobs; Weng et al., NSDI 2022, CC BY 4.0): run times are close
to log-normal with a median of 40 minutes and a spread of 1.44; jobs of over 8 GPUs are 9 % and hold 65 % of the time.
Recalled from the same paper on Acme, not read anew: pretraining is 0.9 % and 3.2 % of the jobs of its two clusters and
holds most of their time. Assumed: everything below that is marked so.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class JobClass:
    """Jobs of one kind. Sizes are powers of two from `smallest` to `largest`, each `size_share` times the one before.

    `share`: of all jobs but pretraining. Run times are log-normal with a median and a `spread` of their logarithm.
    `session_jobs`: jobs of one sitting of a user, on average. `cycle`: how far arrivals follow day and week, 0..1.
    `limit_factor_max`: users ask for 1 to so many times what they need. `activity`: mean power, from idle to maximum.
    """

    name: str
    share: float
    smallest: int
    largest: int
    size_share: float
    median_seconds: int
    spread: float
    longest_seconds: int
    session_jobs: float
    cycle: float
    limit_factor_max: float
    activity: float


HOUR, DAY = 3_600, 86_400

TESTS = JobClass(
    name="tests and evaluations",
    share=0.70,  # assumed; most jobs are such in every published trace
    smallest=1,
    largest=8,
    size_share=0.25,
    median_seconds=122,  # read: the median of Acme's jobs
    spread=1.6,
    longest_seconds=DAY,
    session_jobs=8.0,  # assumed
    cycle=1.0,
    limit_factor_max=10.0,  # assumed
    activity=0.3,  # assumed
)
EXPERIMENTS = JobClass(
    name="experiments",
    share=0.20,  # assumed
    smallest=1,
    largest=32,
    size_share=0.5,
    median_seconds=2_392,  # read: the median of PAI's jobs
    spread=1.44,  # read: PAI
    longest_seconds=5 * DAY,
    session_jobs=3.0,  # assumed
    cycle=0.8,
    limit_factor_max=5.0,  # assumed
    activity=0.5,  # assumed
)
FINE_TUNING = JobClass(
    name="fine-tuning",
    share=0.08,  # assumed
    smallest=8,
    largest=256,
    size_share=0.5,
    median_seconds=2 * HOUR,  # assumed
    spread=1.3,
    longest_seconds=7 * DAY,
    session_jobs=2.0,  # assumed
    cycle=0.6,
    limit_factor_max=3.0,  # assumed
    activity=0.7,  # assumed
)
SERVICES = JobClass(
    name="inference services",
    share=0.02,  # assumed
    smallest=4,
    largest=128,
    size_share=0.6,
    median_seconds=3 * DAY,  # assumed
    spread=1.0,
    longest_seconds=30 * DAY,
    session_jobs=1.0,
    cycle=0.2,
    limit_factor_max=1.5,  # assumed
    activity=0.45,  # assumed
)
PRETRAINING = JobClass(
    name="pretraining",
    share=0.0,  # follows from the load: see workload_year.py
    smallest=128,
    largest=8_192,
    size_share=0.6,
    median_seconds=10 * HOUR,  # assumed: between a stop and a site's limit
    spread=1.0,
    longest_seconds=7 * DAY,
    session_jobs=1.0,
    cycle=0.2,
    limit_factor_max=2.0,  # assumed
    activity=0.9,  # assumed
)

OF_A_TRACE = JobClass(
    name="jobs of the trace",
    share=1.0,
    smallest=1,
    largest=1,
    size_share=1.0,
    median_seconds=1,
    spread=1.0,
    longest_seconds=1,
    session_jobs=1.0,
    cycle=0.0,
    limit_factor_max=1.0,
    activity=0.5,  # assumed
)
"""Stands for jobs that are read; only its name and its activity are used."""

CLASSES = (TESTS, EXPERIMENTS, FINE_TUNING, SERVICES, PRETRAINING)
PRETRAINING_SHARE = 0.02
"""Of jobs, where a scenario tells no number of jobs: between the two that were published."""
