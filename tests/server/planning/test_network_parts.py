"""The layout of the builder: every field stands in it once, and what is told is not folded away."""

from fabrica.server.planning.network_forms import NetworkForm
from fabrica.server.planning.network_parts import Part, parts_of
from fabrica.server.planning.network_text import ROWS, ROWS_MAX, Opened


def parts(rows: int = 0, **fields: object) -> list[Part]:
    begun = Opened(fields, {"window": [{}] * rows})
    return parts_of(NetworkForm(None, projects=(), sites=(), begun=begun))


def test_every_field_and_every_list_stands_in_one_part() -> None:
    shown = [field.name for part in parts() for field in part.fields]
    shown += [field.name for part in parts() for fold in part.folds for field in fold.fields]
    assert sorted(shown) == sorted(NetworkForm(None, projects=(), sites=()).fields)
    assert sorted(part.rows.table for part in parts() if part.rows) == sorted(ROWS)


def test_what_is_told_is_not_folded_away() -> None:
    assert not any(fold.is_open for part in parts() for fold in part.folds)
    told = parts(services=0, restart_seconds=5)
    assert {part.key for part in told for fold in part.folds if fold.is_open} == {"queues", "failures"}


def test_no_more_rows_are_offered_than_a_page_holds() -> None:
    for count, room in ((ROWS_MAX - 1, True), (ROWS_MAX, False)):
        (rows,) = [part.rows for part in parts(count) if part.rows and part.rows.table == "window"]
        assert rows.has_room is room
