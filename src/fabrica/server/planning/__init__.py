"""Saved scenarios and their results, and the planners as pages. Reads the network, changes nothing of it."""
