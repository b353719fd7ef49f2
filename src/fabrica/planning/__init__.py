"""Capacity on paper: the digital twin that replays traces of jobs on a cluster."""
