"""The network on paper: its partitions, the live broker's own choice between them, and a year of jobs."""
