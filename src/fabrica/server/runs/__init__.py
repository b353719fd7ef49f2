"""The life of a run: submitted, placed, running, settled; logs, metrics, artifacts."""
