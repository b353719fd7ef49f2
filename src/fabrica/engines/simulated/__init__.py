"""The simulated engine: pretended runs on pretended partitions, on a clock of its own."""
