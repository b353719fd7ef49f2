"""Logs of evaluations, read without trust, and reports of independent evaluators: each as evidence of a version."""
