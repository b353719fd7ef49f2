"""Every endpoint of the AI Act desk: the status that each caller gets, and what they ask."""

from collections.abc import Callable
from typing import Any

from fabrica.server.aiact import service
from fabrica.values.ids import VersionId
from fabrica.wire.systems import NewLineage, OutsideModel
from tests.builders import make_placed_run, make_spec
from tests.server.aiact.builders import make_system, make_version

# in the order: nobody, stranger, reader, member, lead, operator, agent, withdrawn agent
_ANYBODY = [401, 200, 200, 200, 200, 200, 401, 401]
_READERS = [401, 404, 200, 200, 200, 200, 401, 401]
_OUTSIDE = OutsideModel(name="Open base", source="https://models.example/open-base")


def _writers(status: int) -> list[int]:
    return [401, 404, 403, status, status, 403, 401, 401]


def _lead(status: int) -> list[int]:
    return [401, 404, 403, 403, status, 403, 401, 401]


def _version(world: Any) -> VersionId:
    return make_version(world.actors["lead"], world.project)


def _system_path(world: Any, rest: str = "") -> str:
    return f"/systems/{make_system(world.actors['lead'], world.project)}{rest}"


def _path(world: Any, rest: str = "") -> str:
    return f"/versions/{_version(world)}{rest}"


def _line_path(world: Any) -> str:
    version = _version(world)
    told = NewLineage(relation="merged_from", outside=_OUTSIDE)
    return f"/versions/{version}/lineage/{service.state_lineage(world.actors['lead'], version=version, told=told)}"


def _linked_path(world: Any) -> str:
    version, run = _version(world), _training(world)
    service.link_run(world.actors["lead"], version=version, run=run)
    return f"/versions/{version}/runs/{run}"


def _training(world: Any) -> str:
    return make_placed_run(world.actors["lead"], world.project, make_spec(purpose="pretraining"))[0]


ENDPOINTS: dict[tuple[str, str], tuple[list[int], Callable[[Any], tuple[str, Any]]]] = {
    ("GET", "/systems"): (_ANYBODY, lambda world: ("/systems", None)),
    ("POST", "/systems"): (
        _writers(201),
        lambda world: ("/systems", {"project": world.project, "kind": "system", "name": "Screening"}),
    ),
    ("GET", "/systems/{system}"): (_READERS, lambda world: (_system_path(world), None)),
    ("POST", "/systems/{system}/versions"): (
        _writers(201),
        lambda world: (_system_path(world, "/versions"), {"label": "1.0"}),
    ),
    ("GET", "/versions/{version}"): (_READERS, lambda world: (_path(world), None)),
    ("POST", "/versions/{version}/lineage"): (
        _writers(201),
        lambda world: (
            _path(world, "/lineage"),
            {"relation": "finetuned_from", "outside": {"name": "Base", "source": "https://models.example/base"}},
        ),
    ),
    ("DELETE", "/versions/{version}/lineage/{line}"): (_writers(204), lambda world: (_line_path(world), None)),
    ("POST", "/versions/{version}/runs"): (
        _writers(201),
        lambda world: (_path(world, "/runs"), {"run": _training(world)}),
    ),
    ("DELETE", "/versions/{version}/runs/{run}"): (_writers(204), lambda world: (_linked_path(world), None)),
    ("POST", "/versions/{version}/withdrawal"): (
        _lead(201),
        lambda world: (_path(world, "/withdrawal"), {"on": "2026-11-01", "reason": "No more use."}),
    ),
}
