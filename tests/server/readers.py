"""Readers of pages: a browser without scripts for each kind of person."""

from dataclasses import dataclass

from django.test import Client

from fabrica.server.core.actors import Actor
from fabrica.server.people.models import User
from fabrica.values.ids import AttemptId, ProjectId, RunId
from tests.builders import (
    make_agent,
    make_allocation,
    make_member,
    make_operator,
    make_placed_run,
    make_project,
    make_user,
)


def browser(actor: Actor | None = None) -> Client:
    """Return a browser in which the person is signed in; of nobody, one in which nobody is."""
    client = Client()
    if actor is not None:
        client.force_login(User.objects.get(pk=actor.user), backend="django.contrib.auth.backends.ModelBackend")
    return client


@dataclass(frozen=True, slots=True)
class World:
    """A project with one placed run on a site of our own, and who looks at it."""

    project: ProjectId
    run: RunId
    attempt: AttemptId
    agent: Actor
    nobody: Client
    stranger: Client
    reader: Client
    member: Client
    operator: Client


def make_world() -> World:
    """Make a project, its run, and everybody who looks at it."""
    project = make_project(name="secret-project")
    make_allocation(project)
    agent = make_agent()
    member = make_member(project)
    run, attempt = make_placed_run(member, project)
    return World(
        project=project,
        run=run,
        attempt=attempt,
        agent=agent,
        nobody=browser(),
        stranger=browser(make_user("Sam Stranger")),
        reader=browser(make_member(project, "reader")),
        member=browser(member),
        operator=browser(make_operator()),
    )
