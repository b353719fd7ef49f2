"""People: who I am, my projects, my tokens; for the office who is here, their organisations and projects."""

import secrets
from collections.abc import Sequence

from fabrica.sdk.client import Client
from fabrica.sdk.ids import AnyId, parsed
from fabrica.sdk.typed import typed
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
    ProjectAmbiguous,
    ProjectRole,
    Token,
)
from fabrica.wire.problems import NotFound


def me(client: Client) -> Me:
    """Return who the token's owner is."""
    return client.get("/me", Me)


def choose_mail(client: Client, wanted: bool) -> Me:
    """Choose whether the server writes to the caller of its own accord."""
    return Me.model_validate(client.put("/me/mail", MailChoice(mail_wanted=wanted)))


def only_project(client: Client) -> Project:
    """Return the only project in which the caller has a role; who sees every project is not asked about those.

    Raises:
        ProjectAmbiguous: there is none, or more than one.
    """
    mine = [one for one in me(client).projects if one.role is not None]
    if len(mine) != 1:
        names = ", ".join(f"{one.name} ({one.id})" for one in mine) or "none"
        raise ProjectAmbiguous(f"Your projects: {names}.", remedy="Name one with --project.")
    return mine[0]


def project(client: Client, project: ProjectId) -> Project:
    """Return one project with its members."""
    return client.get(f"/projects/{project}", Project)


def find_project(client: Client, text: str) -> ProjectId:
    """Return the project that an id or a name means.

    Raises:
        NotFound: none that the caller may see is called so, or several are.
    """
    if text.startswith(f"{ProjectId.prefix}_"):
        return parsed(ProjectId, text)
    meant = [one.id for one in me(client).projects if text.casefold() == one.name.casefold()]
    none = NotFound(f"No project that you may see is called {text!r}.", remedy="List them: 'fabrica projects'.")
    return _only(meant, text, "projects", none)


def open_project(client: Client, name: str, organisation: OrganisationId, lead: str) -> Project:
    """Open a project of an organisation, led by the person with the address `lead`.

    Raises:
        NotAllowed: the caller is no operator.
        NotFound: there is no such organisation, or nobody has the address.
    """
    body = typed(NewProject, name=name, organisation=organisation, lead=lead)
    return Project.model_validate(client.post("/projects", body, idempotency_key=secrets.token_hex(16)))


def give_role(client: Client, project: ProjectId, email: str, role: ProjectRole) -> None:
    """Give the person with an address a role in a project, in place of the one they had.

    Raises:
        NotAllowed: the caller does not lead the project.
        NotFound: the caller may not see the project, or nobody has the address.
        LastLead: the project would be left without a lead.
    """
    client.post(f"/projects/{project}/members", typed(NewMember, email=email, role=role))


def organisations(client: Client) -> tuple[Organisation, ...]:
    """Return the organisations of the network, by name.

    Raises:
        NotAllowed: the caller is neither operator nor auditor.
    """
    return client.get_list("/organisations", Organisation)


def find_organisation(client: Client, text: str) -> OrganisationId:
    """Return the organisation that an id or a name means.

    Raises:
        NotFound: none is called so, or several are.
        NotAllowed: the caller is neither operator nor auditor.
    """
    meant = [one.id for one in organisations(client) if text == one.id or text.casefold() == one.name.casefold()]
    none = NotFound(f"No organisation is called {text!r}.", remedy="Add it: 'fabrica organisations add'.")
    return _only(meant, text, "organisations", none)


def _only(meant: Sequence[AnyId], text: str, nouns: str, none: NotFound) -> AnyId:
    """Return the one id that a name means, or raise: `none`, or which ones are called so."""
    if len(meant) == 1:
        return meant[0]
    if not meant:
        raise none
    several = f"Several {nouns} are called {text!r}: {', '.join(map(str, meant))}."
    raise NotFound(several, remedy=f"Give its id: 'fabrica {nouns}'.")


def add_organisation(client: Client, name: str, country: str = "") -> OrganisationId:
    """Add a legal entity.

    Raises:
        NotAllowed: the caller is no operator.
    """
    body = typed(NewOrganisation, name=name, country=country)
    answer = client.post("/organisations", body, idempotency_key=secrets.token_hex(16))
    return OrganisationId.parse(answer["organisation"])


def add(client: Client, email: str, name: str) -> Person:
    """Add somebody who may come in from now on.

    Raises:
        NotAllowed: the caller is no operator.
        PersonKnown: somebody has this address already.
    """
    return Person.model_validate(client.post("/people", typed(NewPerson, email=email, name=name)))


def people(client: Client, *, search: str | None = None, limit: int = 50, cursor: str | None = None) -> PersonList:
    """Return the people of the network whose name or address holds `search`.

    Raises:
        NotAllowed: the caller is neither operator nor auditor.
    """
    return client.get("/people", PersonList, search=search, limit=limit, cursor=cursor)


def find(client: Client, text: str) -> Person:
    """Return the person whom an address or an id means.

    Raises:
        NotFound: nobody has it.
        NotAllowed: the caller is neither operator nor auditor.
    """
    cursor = None
    while True:
        page = people(client, search=None if text.startswith("usr_") else text, limit=200, cursor=cursor)
        meant = [person for person in page.people if text == person.id or text.lower() == person.email.lower()]
        if meant:
            return meant[0]
        cursor = page.next_cursor
        if cursor is None:
            raise NotFound(f"Nobody here has the address or id {text!r}.", remedy="List people with 'fabrica people'.")


def deactivate(client: Client, user: UserId) -> Person:
    """End what a person may do, at once: their tokens and sessions stop, their runs go on.

    Raises:
        NotAllowed: the caller is no operator.
        LastOperator: they are the network's only operator.
    """
    return Person.model_validate(client.post(f"/people/{user}/deactivate"))


def reactivate(client: Client, user: UserId) -> Person:
    """Let a person in again; they make new tokens.

    Raises:
        NotAllowed: the caller is no operator.
    """
    return Person.model_validate(client.post(f"/people/{user}/reactivate"))


def sign_in_link(client: Client) -> str:
    """Return a link that signs the caller in to the portal: once, and within five minutes."""
    return str(client.post("/me/sign-in-link")["link"])


def tokens(client: Client) -> tuple[Token, ...]:
    """Return the caller's access tokens, without the tokens themselves."""
    return client.get_list("/me/tokens", Token)


def make_token(client: Client, name: str, *, days: int = 90) -> MadeToken:
    """Make an access token of the caller; it can be seen only now."""
    return MadeToken.model_validate(client.post("/me/tokens", typed(NewToken, name=name, days=days)))


def withdraw_token(client: Client, token: int) -> None:
    """End an access token now.

    Raises:
        NotFound: the caller has no such token.
    """
    client.delete(f"/me/tokens/{token}")


def appoint_adviser(client: Client, user: UserId, appointed: bool = True) -> Person:
    """Make a person an adviser of the service desk, or end that.

    Raises:
        NotAllowed: the caller is no operator.
        NetworkRoleHeld: they have another role in the network.
    """
    return Person.model_validate(client.post(f"/people/{user}/adviser", Appointment(adviser=appointed)))
