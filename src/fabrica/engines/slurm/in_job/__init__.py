"""What runs on the nodes, with the site's own Python, 3.6 or newer, and nothing else: one archive beside each run.

`python3 -I -S ARCHIVE FOLDER` in the batch script; with `--node` under srun, on each node of a run of several.
"""
