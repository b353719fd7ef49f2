"""Bundles: a folder as one deterministic tar file, and back, safely. For sources on their way in and records out."""
