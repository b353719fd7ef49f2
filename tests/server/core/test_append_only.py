"""Tables that only grow refuse raw SQL as well: the database itself forbids it."""

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction

from fabrica.server.core import clock
from fabrica.server.core.append_only import AppendOnly
from fabrica.server.core.models import AuditLine

pytestmark = pytest.mark.django_db
TABLES = {
    "core_fact", "core_auditline", "placement_placementdecision", "runs_logchunk", "runs_metricpoint", "runs_artifact",
    "evidence_evidencerecord",
}  # fmt: skip


@pytest.fixture
def line() -> AuditLine:
    return AuditLine.objects.create(verb="a.verb", actor="somebody", outcome="done", subjects={}, at=clock.now())


@pytest.mark.parametrize("sql", ["UPDATE core_auditline SET verb = 'other'", "DELETE FROM core_auditline"])
def test_a_row_is_neither_changed_nor_removed(line: AuditLine, sql: str) -> None:
    with (
        pytest.raises(DatabaseError, match="core_auditline is append only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)
    line.refresh_from_db()
    assert line.verb == "a.verb"


def test_a_table_is_not_emptied_in_one_go(line: AuditLine) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no TRUNCATE; its DELETE is refused above")
    with (
        pytest.raises(DatabaseError, match="append only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("TRUNCATE core_auditline")


def test_the_tables_that_only_grow_are_guarded_by_triggers() -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT DISTINCT event_object_table FROM information_schema.triggers")
        else:
            cursor.execute("SELECT DISTINCT tbl_name FROM sqlite_master WHERE type = 'trigger'")
        guarded = {row[0] for row in cursor.fetchall()}
    assert guarded >= TABLES
    assert {model._meta.db_table for model in apps.get_models()} >= TABLES


def test_a_hostile_table_name_never_reaches_the_database() -> None:
    with pytest.raises(ValueError, match="not a table name"):
        AppendOnly("core_fact; DROP TABLE core_fact")


def test_the_guard_goes_back_with_its_migration(line: AuditLine) -> None:
    guard, editor = AppendOnly("core_auditline"), connection.schema_editor(atomic=False)
    editor.deferred_sql = []
    guard.database_backwards("core", editor, None, None)
    AuditLine.objects.update(verb="other")
    guard.database_forwards("core", editor, None, None)
    with pytest.raises(DatabaseError), transaction.atomic():
        AuditLine.objects.update(verb="third")
