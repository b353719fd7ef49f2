"""People: who I am, my projects."""

from fabrica.sdk.client import Client
from fabrica.values.ids import ProjectId
from fabrica.wire.people import MadeToken, Me, NewToken, Project, ProjectAmbiguous, Token


def me(client: Client) -> Me:
    """Return who the token's owner is."""
    return client.get("/me", Me)


def only_project(client: Client) -> Project:
    """Return the caller's only project.

    Raises:
        ProjectAmbiguous: there is none, or more than one.
    """
    mine = me(client).projects
    if len(mine) != 1:
        names = ", ".join(f"{one.name} ({one.id})" for one in mine) or "none"
        raise ProjectAmbiguous(f"Your projects: {names}.", remedy="Name one with --project.")
    return mine[0]


def project(client: Client, project: ProjectId) -> Project:
    """Return one project with its members."""
    return client.get(f"/projects/{project}", Project)


def tokens(client: Client) -> tuple[Token, ...]:
    """Return the caller's access tokens, without the tokens themselves."""
    return client.get_list("/me/tokens", Token)


def make_token(client: Client, name: str, *, days: int = 90) -> MadeToken:
    """Make an access token of the caller; it can be seen only now."""
    return MadeToken.model_validate(client.post("/me/tokens", NewToken(name=name, days=days)))


def withdraw_token(client: Client, token: int) -> None:
    """End an access token now.

    Raises:
        NotFound: the caller has no such token.
    """
    client.delete(f"/me/tokens/{token}")
