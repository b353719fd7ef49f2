"""The replay engine: one plain reference, and the same answers from compiled loops over arrays."""
