"""The run record: a folder of append-only files, sealed by hash, checked offline, exported to other tools."""
