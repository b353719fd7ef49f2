"""Who attaches to a run, and what becomes of an attachment."""

import threading

import pytest

from fabrica.server.attachments import queries, relays, service
from fabrica.server.core.actors import Actor
from fabrica.server.core.models import AuditLine, Fact
from fabrica.server.people import service as people
from fabrica.server.people.queries import user_emails
from fabrica.values.ids import ProjectId, SiteId
from fabrica.wire.attachments import AttachmentGone, AttachmentsFull, AttachmentTaken, Piece, RunNotAttachable
from fabrica.wire.problems import NotAllowed
from tests.builders import make_agent, make_member, make_operator, make_placed_run, make_site, make_user
from tests.server.attachments.builders import make_attachment, make_interactive_run

pytestmark = pytest.mark.django_db


World = tuple[Actor, ProjectId, Actor]


@pytest.fixture
def world(lead: Actor, project: ProjectId, agent: Actor) -> World:
    return lead, project, agent


def test_only_who_submitted_a_run_attaches_to_it(world: World) -> None:
    lead, project, agent = world
    run = make_interactive_run(lead, project, agent)
    for other in (make_user("A stranger"), make_member(project, "member"), make_operator(), agent):
        with pytest.raises(NotAllowed):
            service.attach(other, run=run)
    assert service.attach(lead, run=run).run == run


def test_who_lost_their_role_in_the_project_attaches_no_more(world: World) -> None:
    lead, project, agent = world
    member = make_member(project, "member")
    run = make_interactive_run(member, project, agent)
    assert member.user is not None
    email = user_emails({member.user})[member.user]
    people.give_role(lead, project=project, email=email, role="reader")
    with pytest.raises(NotAllowed):
        service.attach(member, run=run)


def test_a_run_that_works_alone_or_does_not_run_yet_takes_nobody(world: World) -> None:
    lead, project, _ = world
    with pytest.raises(RunNotAttachable, match="not interactive"):
        service.attach(lead, run=make_placed_run(lead, project)[0])


def test_an_attachment_is_taken_once_and_only_by_the_runs_site(world: World) -> None:
    lead, project, agent = world
    attachment = make_attachment(lead, project, agent)
    elsewhere = make_agent(make_site("other-site"))
    assert queries.untaken(SiteId("other-site")) == []
    assert queries.untaken(SiteId("own-site")) == [attachment]
    with pytest.raises(NotAllowed):
        service.take(elsewhere, attachment=attachment.id)
    service.take(agent, attachment=attachment.id)
    assert queries.untaken(SiteId("own-site")) == []
    with pytest.raises(AttachmentTaken):
        service.take(agent, attachment=attachment.id)


def test_a_newer_attachment_of_a_run_ends_the_older_and_has_a_greater_number(world: World) -> None:
    lead, project, agent = world
    older = make_attachment(lead, project, agent)
    newer = service.attach(lead, run=older.run)
    assert newer.number > older.number
    assert relays.get(older.id).ended
    assert not relays.get(newer.id).ended
    with pytest.raises(AttachmentGone):
        service.take(agent, attachment=older.id)


def test_the_server_refuses_what_it_cannot_bear_and_takes_more_when_somebody_leaves(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead, project, agent = world
    first = make_attachment(lead, project, agent)
    monkeypatch.setattr(relays, "RELAYS_MAX", 1)
    run = make_interactive_run(lead, project, agent)
    with pytest.raises(AttachmentsFull):
        service.attach(lead, run=run)
    service.detach(lead, attachment=first.id)
    assert service.attach(lead, run=run)


def test_facts_and_audit_say_who_and_when_and_nothing_of_what_passed(world: World) -> None:
    lead, project, agent = world
    attachment = make_attachment(lead, project, agent, taken=True)
    relay = relays.get(attachment.id)
    relay.write(relay.input, Piece(0, False, b"a password"), 0)
    relay.write(relay.output, Piece(0, False, b"a secret"), 0)
    service.detach(lead, attachment=attachment.id)
    service.detach(lead, attachment=attachment.id)
    facts = list(Fact.objects.filter(kind__startswith="attachments."))
    assert [(fact.kind, fact.actor) for fact in facts] == [
        ("attachments.attached", lead.user),
        ("attachments.detached", lead.user),
    ]
    kept = [str(fact.body) for fact in facts] + [str(line.subjects) for line in AuditLine.objects.all()]
    assert not any("password" in one or "secret" in one for one in kept)


def test_an_end_that_nobody_asks_about_is_forgotten(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    lead, project, agent = world
    attachment = make_attachment(lead, project, agent)
    monkeypatch.setattr(relays, "SILENT_SECONDS_MAX", -1.0)
    with pytest.raises(AttachmentGone):
        relays.get(attachment.id)


def test_a_writer_waits_for_a_slow_reader_and_a_reader_for_a_writer(world: World) -> None:
    lead, project, agent = world
    relay = relays.get(make_attachment(lead, project, agent, taken=True).id)
    text = bytes(range(256)) * 4096  # four times what is kept
    read = bytearray()

    def reading() -> None:
        while len(read) < len(text):
            read.extend(relay.read(relay.output, len(read), 20).data)

    reader = threading.Thread(target=reading)
    reader.start()
    sent = 0
    while sent < len(text):
        sent = relay.write(relay.output, Piece(sent, False, text[sent : sent + 2**17]), 20).next_offset
        assert len(relay.output.kept) <= 2**18
    reader.join(20)
    assert bytes(read) == text
    relay.end()
    assert relay.read(relay.output, len(read), 20).ended
