"""People on the wire: organisations, users, projects, members."""

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from fabrica.values.ids import OrganisationId, ProjectId, UserId
from fabrica.wire.bodies import Body, Instant, Request
from fabrica.wire.countries import CountryOrEmpty
from fabrica.wire.problems import FabricaError

ProjectRole = Literal["lead", "member", "reader"]


def _address(text: str) -> str:
    """Return an e-mail address; whether anybody reads it is not looked at."""
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", text):
        raise ValueError("write an e-mail address, such as ada@example.eu")
    return text


EmailAddress = Annotated[str, Field(max_length=254), AfterValidator(_address)]


class Me(Body):
    """Who the caller is."""

    user: UserId | None
    name: str
    email: str | None
    network_roles: tuple[str, ...]
    projects: tuple["Project", ...]
    mail_wanted: bool = Field(default=True, description="whether this server may write to them of its own accord")


class MailChoice(Request):
    """Whether the server may write to the caller of its own accord."""

    mail_wanted: bool


class Member(Body):
    user: UserId
    name: str
    role: ProjectRole


class Project(Body):
    """A piece of work of one organisation; runs and allocations belong to it."""

    id: ProjectId
    name: str
    organisation: OrganisationId
    organisation_name: str
    created_at: Instant
    role: ProjectRole | None = Field(default=None, description="the caller's role in it")
    members: tuple[Member, ...] = ()


class Organisation(Body):
    """A legal entity: start-up, SME, research body, public body."""

    id: OrganisationId
    name: str
    country: str | None


class NewOrganisation(Request):
    name: str = Field(min_length=1, max_length=200)
    country: CountryOrEmpty = ""


class NewProject(Request):
    """A project to open; `lead` is the address of somebody who was added before."""

    name: str = Field(min_length=1, max_length=120)
    organisation: OrganisationId
    lead: EmailAddress


class NewMember(Request):
    email: EmailAddress
    role: ProjectRole


class NewToken(Request):
    name: str = Field(min_length=1, max_length=80, description="where it is used, for your own list")
    days: int = Field(default=90, ge=1, le=366)


class Token(Body):
    """An access token of the caller's, as lists show it: never the token itself."""

    id: int
    name: str
    created_at: Instant
    expires_at: Instant
    withdrawn_at: Instant | None
    last_used_on: date | None = Field(default=None, description="day in UTC; null: no use seen")


class MadeToken(Body):
    """A fresh access token: shown only now."""

    token: str
    expires_at: Instant


class Person(Body):
    """A person as the network's office sees them. Whoever is not active can do nothing here, and keeps their name."""

    id: UserId
    name: str
    email: str
    network_role: str | None
    active: bool
    joined_at: Instant


class NewPerson(Request):
    """Somebody who may come in from now on; what they may do there, they are given apart."""

    email: EmailAddress
    name: str = Field(min_length=1, max_length=120)


class Appointment(Request):
    """Whether a person is an adviser of the service desk."""

    adviser: bool


class PersonList(Body):
    people: tuple[Person, ...]
    next_cursor: str | None = None


class TokenRefused(FabricaError):
    code = "people.token_refused"
    status = 401
    title = "The access token is not accepted"


class SignInLinkRefused(FabricaError):
    code = "people.sign_in_link_refused"
    status = 403
    title = "The sign-in link does not work any more"


class ProjectAmbiguous(FabricaError):
    code = "people.project_ambiguous"
    status = 422
    title = "Say which project"


class PersonKnown(FabricaError):
    code = "people.known"
    status = 409
    title = "The person is here already"


class NetworkRoleHeld(FabricaError):
    code = "people.network_role_held"
    status = 409
    title = "They have another role in the network"


class LastLead(FabricaError):
    code = "people.last_lead"
    status = 409
    title = "A project keeps at least one lead"


class LastOperator(FabricaError):
    code = "people.last_operator"
    status = 409
    title = "The network keeps at least one operator"


Me.model_rebuild()
