"""REST endpoints of people."""

from ninja import Router

from fabrica.server.core import idempotency
from fabrica.server.core.requests import Asked
from fabrica.server.people import queries, service
from fabrica.values.ids import OrganisationId, ProjectId, UserId
from fabrica.wire.people import (
    Appointment,
    MadeToken,
    MailChoice,
    Me,
    NewMember,
    NewOrganisation,
    NewPerson,
    NewProject,
    NewToken,
    Organisation,
    Person,
    PersonList,
    Project,
    Token,
)

router = Router(tags=["people"])


@router.get("/me", response=Me)
def me(request: Asked) -> Me:
    """Who the caller is, with their projects."""
    return queries.me(request.auth)


@router.put("/me/mail", response=Me)
def choose_mail(request: Asked, body: MailChoice) -> Me:
    """Choose whether the server writes to the caller of its own accord."""
    service.choose_mail(request.auth, user=user_of(request), wanted=body.mail_wanted)
    return queries.me(request.auth)


@router.get("/projects", response=list[Project])
def projects(request: Asked) -> list[Project]:
    """The caller's projects."""
    return list(queries.projects(request.auth))


@router.get("/projects/{project}", response=Project)
def project(request: Asked, project: ProjectId) -> Project:
    """One project with its members."""
    return queries.project(request.auth, project)


@router.post("/projects", response={201: Project})
def open_project(request: Asked, body: NewProject) -> Project:
    """Open a project of an organisation, led by one person. Operators only."""

    def act() -> ProjectId:
        lead = queries.person_with(request.auth, body.lead)
        return service.open_project(request.auth, name=body.name, organisation=body.organisation, lead=lead.id)

    return queries.project(request.auth, ProjectId(idempotency.once(request, act)))


@router.post("/projects/{project}/members", response={204: None})
def give_role(request: Asked, project: ProjectId, body: NewMember) -> None:
    """Give a person a role in the project."""
    queries.project(request.auth, project)
    service.give_role(request.auth, project=project, email=body.email, role=body.role)


@router.get("/me/tokens", response=list[Token])
def tokens(request: Asked) -> list[Token]:
    """The caller's access tokens, without the tokens themselves."""
    return list(queries.tokens(request.auth))


@router.post("/me/tokens", response={201: MadeToken})
def make_token(request: Asked, body: NewToken) -> MadeToken:
    """Make an access token. The answer holds it, once; so it is kept nowhere, and a repeat makes another."""
    token = service.make_token(request.auth, user=user_of(request), name=body.name, days=body.days)
    return MadeToken(token=token, expires_at=queries.tokens(request.auth)[0].expires_at)


@router.delete("/me/tokens/{token}", response={204: None})
def withdraw_token(request: Asked, token: int) -> None:
    """End an access token now."""
    service.withdraw_token(request.auth, user=user_of(request), token=token)


@router.get("/people", response=PersonList)
def people(request: Asked, search: str = "", cursor: UserId | None = None, limit: int = 50) -> PersonList:
    """The people of the network, by name or address. Operators and auditors only."""
    return queries.people(request.auth, search=search, after=cursor, limit=max(1, min(limit, 200)))


@router.post("/people", response={201: Person})
def add(request: Asked, body: NewPerson) -> Person:
    """Add somebody who may come in from now on. Operators only."""
    return queries.person(request.auth, service.add_user(request.auth, email=body.email, name=body.name))


@router.post("/people/{user}/deactivate", response=Person)
def deactivate(request: Asked, user: UserId) -> Person:
    """End what a person may do here: tokens and sessions stop at once, runs go on. Operators only."""
    service.deactivate(request.auth, user=user)
    return queries.person(request.auth, user)


@router.post("/people/{user}/reactivate", response=Person)
def reactivate(request: Asked, user: UserId) -> Person:
    """Let a person in again; they make new tokens. Operators only."""
    service.reactivate(request.auth, user=user)
    return queries.person(request.auth, user)


@router.post("/people/{user}/adviser", response=Person)
def appoint_adviser(request: Asked, user: UserId, body: Appointment) -> Person:
    """Make a person an adviser of the service desk, or end that. Operators only."""
    service.appoint_adviser(request.auth, user=user, appointed=body.adviser)
    return queries.person(request.auth, user)


@router.get("/organisations", response=list[Organisation])
def organisations(request: Asked) -> list[Organisation]:
    """The organisations of the network. Operators and auditors only."""
    return list(queries.organisations(request.auth))


@router.post("/organisations", response={201: dict[str, OrganisationId]})
def add_organisation(request: Asked, body: NewOrganisation) -> dict[str, OrganisationId]:
    """Add a legal entity. Operators only."""

    def act() -> OrganisationId:
        return service.add_organisation(request.auth, name=body.name, country=body.country)

    return {"organisation": idempotency.once(request, act)}


@router.post("/me/sign-in-link", response=dict[str, str])
def sign_in_link(request: Asked) -> dict[str, str]:
    """A link that signs the caller in to the portal once, within five minutes."""
    return {"link": service.sign_in_link(request.auth, user=user_of(request))}


def user_of(request: Asked) -> UserId:
    """Return the person who asks; agents never get here."""
    assert request.auth.user is not None, "these endpoints are for people"
    return request.auth.user
