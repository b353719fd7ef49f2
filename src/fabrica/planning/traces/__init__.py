"""Readers of traces: CSV, the Standard Workload Format, Slurm's accounting, Parquet."""
