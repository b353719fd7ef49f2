"""The archive's beginning."""

import sys

from fabrica.engines.slurm.in_job.job import Job
from fabrica.engines.slurm.in_job.node import run_on_node

if __name__ == "__main__":
    sys.exit(run_on_node(sys.argv[1]) if sys.argv[2:] == ["--node"] else Job(sys.argv[1]).to_the_end())
