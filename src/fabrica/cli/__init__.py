"""The `fabrica` command: one file per noun."""
