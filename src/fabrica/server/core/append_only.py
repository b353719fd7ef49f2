"""Tables that only grow: triggers in the database itself refuse update and delete."""

from typing import Any

from django.db.migrations.operations.base import Operation

_SQLITE = """
CREATE TRIGGER {table}_refuses_update BEFORE UPDATE ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append only'); END;
CREATE TRIGGER {table}_refuses_delete BEFORE DELETE ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append only'); END;
"""
_POSTGRESQL = """
CREATE FUNCTION {table}_refuses() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '{table} is append only' USING ERRCODE = 'restrict_violation'; END $$;
CREATE TRIGGER {table}_refuses_change BEFORE UPDATE OR DELETE ON {table}
FOR EACH ROW EXECUTE FUNCTION {table}_refuses();
CREATE TRIGGER {table}_refuses_truncate BEFORE TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuses();
"""
_BACK = {
    "sqlite": "DROP TRIGGER {table}_refuses_update; DROP TRIGGER {table}_refuses_delete;",
    "postgresql": "DROP TRIGGER {table}_refuses_change ON {table}; DROP TRIGGER {table}_refuses_truncate ON {table};"
    " DROP FUNCTION {table}_refuses();",
}


class AppendOnly(Operation):
    """Forbid update and delete (and truncate) on a table, in the database."""

    reversible = True

    def __init__(self, table: str) -> None:
        if not table.isidentifier():
            raise ValueError(f"{table!r} is not a table name")
        self.table = table

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Change nothing in the models' state: a trigger is no field."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        vendor = schema_editor.connection.vendor
        sql = {"sqlite": _SQLITE, "postgresql": _POSTGRESQL}[vendor].format(table=self.table)
        _run(schema_editor, sql, vendor)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        vendor = schema_editor.connection.vendor
        _run(schema_editor, _BACK[vendor].format(table=self.table), vendor)

    def describe(self) -> str:
        return f"Make {self.table} append only"


def _run(schema_editor: Any, sql: str, vendor: str) -> None:
    if vendor == "postgresql":
        schema_editor.execute(sql, params=None)
        return
    for statement in sql.split("END;") if "BEGIN" in sql else sql.split(";"):
        if statement.strip():
            schema_editor.execute(statement.strip() + (" END" if "BEGIN" in statement else ""), params=None)
