"""What people type for an id is read as one, or they are told where to find it."""

import re
from pathlib import Path

import pytest

import fabrica
from fabrica.sdk import ids
from fabrica.values.ids import QuestionId, RunId, SiteId
from fabrica.wire.problems import Malformed


@pytest.mark.parametrize(
    ("kind", "command"), [(QuestionId, "fabrica questions"), (RunId, "fabrica runs"), (SiteId, "fabrica sites")]
)
def test_what_is_no_id_is_told_with_the_command_that_lists_such_ids(
    kind: type[QuestionId | RunId | SiteId], command: str
) -> None:
    with pytest.raises(Malformed) as refused:
        ids.parsed(kind, "No such!")
    assert refused.value.remedy == f"Copy it from the list: '{command}'."


def test_every_kind_of_id_that_is_read_from_people_names_its_list() -> None:
    floors = Path(fabrica.__file__).parent
    files = [*floors.glob("cli/*.py"), *floors.glob("sdk/*.py")]
    read = {kind for file in files for kind in re.findall(r"\bparsed\((\w+Id),", file.read_text())}
    assert {"ProjectId", "QuestionId"} <= read
    assert read <= {kind.__name__ for kind in ids._LISTED_BY}
