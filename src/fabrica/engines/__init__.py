"""How a site executes a run: one contract; local, slurm, simulated."""
