"""Every endpoint of the AI Act desk: the status that each caller gets, and what they ask."""

from collections.abc import Callable
from typing import Any

from fabrica.server.aiact import issue_service, service
from fabrica.values.ids import RunId, VersionId
from fabrica.wire.systems import NewLineage, OutsideModel
from tests.builders import make_placed_run, make_spec, make_user
from tests.server.aiact.builders import make_issue, make_system, make_version

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


def _training(world: Any) -> RunId:
    return make_placed_run(world.actors["lead"], world.project, make_spec(purpose="pretraining"))[0]


def _issued_path(world: Any, rest: str = "") -> str:
    return f"/documents/{make_issue(world.actors['lead'], _version(world))}{rest}"


def _changes_path(world: Any) -> str:
    issued = make_issue(world.actors["lead"], _version(world))
    return f"/documents/{issued}/changes?before={issued}"


def _shown_path(world: Any) -> str:
    lead, version = world.actors["lead"], _version(world)
    user = issue_service.show_view(lead, version=version, email=_outsider(), recipient="downstream")
    return f"/versions/{version}/views/{user}/downstream"


def _outsider() -> str:
    email = "provider@downstream.example"
    make_user("A provider downstream", email=email)
    return email


ENDPOINTS: dict[tuple[str, str], tuple[list[int], Callable[[Any], tuple[str, Any]]]] = {
    ("GET", "/systems"): (_ANYBODY, lambda world: ("/systems", None)),
    ("POST", "/systems"): (
        _writers(201),
        lambda world: ("/systems", {"project": world.project, "kind": "system", "name": "Screening"}),
    ),
    ("GET", "/systems/{system}"): (_READERS, lambda world: (_system_path(world), None)),
    ("PUT", "/systems/{system}"): (_writers(200), lambda world: (_system_path(world), {"purpose": "Ranks."})),
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
    ("GET", "/versions/{version}/facts"): (_READERS, lambda world: (_path(world, "/facts"), None)),
    ("PUT", "/versions/{version}/facts"): (
        _writers(200),
        lambda world: (_path(world, "/facts"), {"answers": {"artefact": "model"}}),
    ),
    ("GET", "/versions/{version}/classification"): (
        [401, *[404] * 5, 401, 401],  # nobody told the facts
        lambda world: (_path(world, "/classification"), None),
    ),
    ("GET", "/versions/{version}/results"): (_READERS, lambda world: (_path(world, "/results"), None)),
    ("GET", "/versions/{version}/statements"): (
        _READERS,
        lambda world: (_path(world, "/statements?kind=facts"), None),
    ),
    ("GET", "/versions/{version}/sources"): (_READERS, lambda world: (_path(world, "/sources"), None)),
    ("PUT", "/versions/{version}/sources"): (_writers(200), lambda world: (_path(world, "/sources"), {})),
    ("GET", "/versions/{version}/account"): (_READERS, lambda world: (_path(world, "/account"), None)),
    ("GET", "/projects/{project}/compute-outlook"): (
        _READERS,
        lambda world: (
            f"/projects/{world.project}/compute-outlook?resource_class=gpu.h100&device_seconds=3600",
            None,
        ),
    ),
    ("PUT", "/versions/{version}/answers"): (
        _writers(204),
        lambda world: (_path(world, "/answers"), {"function": "Head", "items": {"ts-2-6": "None."}}),
    ),
    ("PUT", "/versions/{version}/modification"): (_READERS, lambda world: (_path(world, "/modification"), {})),
    ("PUT", "/versions/{version}/release"): (
        _lead(200),
        lambda world: (_path(world, "/release"), {"market_on": "2026-01-01"}),
    ),
    ("GET", "/versions/{version}/documents"): (_READERS, lambda world: (_path(world, "/documents"), None)),
    ("GET", "/versions/{version}/documents/{template}"): (
        _READERS,
        lambda world: (_path(world, "/documents/mdf?recipient=downstream"), None),
    ),
    ("POST", "/versions/{version}/issues"): (
        [401, 404, 403, 403, 409, 403, 401, 401],  # the lead's document has open items
        lambda world: (_path(world, "/issues"), {"template": "mdf", "function": "Head"}),
    ),
    ("GET", "/versions/{version}/issues"): (_READERS, lambda world: (_path(world, "/issues"), None)),
    ("GET", "/signing-key"): (_ANYBODY, lambda world: ("/signing-key", None)),
    ("GET", "/documents/{document}"): (_READERS, lambda world: (_issued_path(world), None)),
    ("GET", "/documents/{document}/files/{name}"): (
        _READERS,
        lambda world: (_issued_path(world, "/files/manifest.json"), None),
    ),
    ("GET", "/documents/{document}/changes"): (_READERS, lambda world: (_changes_path(world), None)),
    ("GET", "/versions/{version}/views"): (_READERS, lambda world: (_path(world, "/views"), None)),
    ("POST", "/versions/{version}/views"): (
        _lead(201),
        lambda world: (
            _path(world, "/views"),
            {"email": _outsider(), "recipient": "downstream"},
        ),
    ),
    ("DELETE", "/versions/{version}/views/{user}/{recipient}"): (
        _lead(204),
        lambda world: (_shown_path(world), None),
    ),
}
