"""The replay engine: one plain reference, and the same answers from compiled loops over arrays.

Two doors. `replay.replay` runs one whole trace on one cluster. `engine/site.py` is for several sites beside each other:
make one table of jobs (`table.job_table`) and a site each (`site.new_site`), then `advance` a site to an instant, read
how it stands, and `offer` it a job. All three can be called from compiled functions too.
"""
