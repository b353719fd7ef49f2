"""Who may name content by its hash: who had all bytes of it and sent them."""

import pytest

from fabrica.server.core.actors import Actor
from fabrica.server.runs import agent_queries, queries, service, uploads
from fabrica.server.runs.models import Upload
from fabrica.values.ids import ProjectId
from fabrica.wire.agents import ArtifactNotSent
from fabrica.wire.problems import NotAllowed
from fabrica.wire.runs import Artifact
from tests.builders import (
    make_agent,
    make_event,
    make_member,
    make_operator,
    make_placed_run,
    make_site,
    make_user,
    stored,
)

pytestmark = pytest.mark.django_db


def test_an_upload_is_noted_once_and_only_for_sites_and_who_works_in_a_project(lead: Actor, project: ProjectId) -> None:
    sha256, agent = stored(), make_agent()
    for by in (lead, lead, agent):
        uploads.note(by, hashes=[sha256])
    assert Upload.objects.count() == 2
    for by in (make_user(), make_member(project, "reader"), make_operator()):
        with pytest.raises(NotAllowed):
            uploads.note(by, hashes=[sha256])


def test_a_site_cannot_tell_what_others_sent_as_its_own_nor_read_it(lead: Actor, project: ProjectId) -> None:
    hostile = make_agent()
    run, attempt = make_placed_run(lead, project)
    secret = Artifact(path="stolen.bin", sha256=stored(b"the output of another project"), bytes=29, kind="checkpoint")
    uploads.note(make_agent(make_site("elsewhere")), hashes=[secret.sha256])
    with pytest.raises(ArtifactNotSent, match=r"stolen\.bin"):
        service.record(hostile, events=[make_event(attempt, "artifacts", artifacts=(secret,))])
    assert queries.run(lead, run).artifacts == ()
    assert not agent_queries.may_read_bundle(hostile, secret.sha256)
    uploads.note(hostile, hashes=[secret.sha256])  # it had all of it itself
    service.record(hostile, events=[make_event(attempt, "artifacts", artifacts=(secret,))])
    assert agent_queries.may_read_bundle(hostile, secret.sha256)
