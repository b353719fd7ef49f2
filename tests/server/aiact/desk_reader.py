"""A desk with everything on it, and who reads it: for the tests of its pages."""

from dataclasses import dataclass

from django.test import Client

from fabrica.server.aiact import service, statement_service
from fabrica.server.core.actors import Actor
from fabrica.values.ids import ProjectId, RunId, SystemId, VersionId
from fabrica.wire.systems import NewFacts, NewLineage, OutsideModel
from tests.builders import make_member, make_operator, make_user
from tests.server.aiact.builders import make_ended_run, make_system, make_version, make_world
from tests.server.readers import browser

HOSTILE = '<script>alert("1")</script>'
CV_SCREENER = {
    "artefact": "system",
    "technique": "machine_learning",
    "eu_link": ["placed_on_eu_market"],
    "sole_purpose": "none",
    "actor_does": ["develops", "sells_under_own_name"],
    "used_for": ["recruitment"],
    "derogation_task": "none",
    "profiles_people": True,
}


@dataclass(frozen=True, slots=True)
class Desk:
    """A project with a model made from another, a run of it, and everybody who looks at it."""

    lead: Actor
    project: ProjectId
    system: SystemId
    version: VersionId
    run: RunId
    leads: Client
    member: Client
    reader: Client
    operator: Client
    stranger: Client
    nobody: Client

    @property
    def address(self) -> str:
        return f"/ai-act/versions/{self.version}"


def make_desk() -> Desk:
    """Make a project whose system has a version with facts, lineage and a run, named as badly as somebody could."""
    lead, project, agent = make_world()
    system = make_system(lead, project, kind="system", name=f"CV {HOSTILE}", purpose=HOSTILE, deployer=HOSTILE)
    version = make_version(lead, project, system, label="1.0", changes=HOSTILE)
    outside = OutsideModel(name=HOSTILE, source=HOSTILE, provider=HOSTILE, licence=HOSTILE)
    service.state_lineage(lead, version=version, told=NewLineage(relation="finetuned_from", outside=outside))
    run = make_ended_run(lead, project, agent)
    service.link_run(lead, version=version, run=run)
    statement_service.tell_facts(lead, version=version, told=NewFacts(answers=CV_SCREENER))
    return Desk(
        lead=lead,
        project=project,
        system=system,
        version=version,
        run=run,
        leads=browser(lead),
        member=browser(make_member(project)),
        reader=browser(make_member(project, "reader")),
        operator=browser(make_operator()),
        stranger=browser(make_user("Sam Stranger")),
        nobody=browser(),
    )
