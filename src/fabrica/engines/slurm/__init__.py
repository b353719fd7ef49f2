"""The Slurm engine: runs as batch jobs of a site's Slurm, by its commands or by its REST service."""
