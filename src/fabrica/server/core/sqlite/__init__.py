"""A database backend: SQLite for many threads of one process."""
