"""Reads of people, narrowed to what the reader may see."""

from datetime import datetime

from django.conf import settings
from django.db.models import Q

from fabrica.server.core.actors import Actor, NetworkRole
from fabrica.server.core.tokens import fingerprint
from fabrica.server.people import rules
from fabrica.server.people.models import AccessToken, Membership, Organisation, Project, User
from fabrica.values.ids import ProjectId, UserId
from fabrica.wire import people as wire
from fabrica.wire.problems import NotAllowed, NotFound


def role_in(by: Actor, project: ProjectId) -> wire.ProjectRole | None:
    """Return the actor's role in a project, or None."""
    if by.user is None:
        return None
    return Membership.objects.filter(project_id=project, user_id=by.user).values_list("role", flat=True).first()  # type: ignore[return-value]


def works_in(by: Actor, project: ProjectId) -> bool:
    """Return whether the actor leads or works in a project: who may submit, register and change what is its own."""
    return role_in(by, project) in ("lead", "member")


def sees(by: Actor, project: ProjectId) -> bool:
    """Return whether the actor may read what belongs to the project."""
    return by.sees_everything or role_in(by, project) is not None


def project(by: Actor, project: ProjectId) -> wire.Project:
    """Return a project with its members.

    Raises:
        NotFound: no such project, or the actor may not see it.
    """
    row = _seen_project(by, project)
    members = tuple(
        wire.Member(user=membership.user_id, name=_name(membership.user), role=membership.role)
        for membership in row.memberships.select_related("user").order_by("role", "user__name")
    )
    return _wire(row, role_in(by, project), members)


def _seen_project(by: Actor, project: ProjectId) -> Project:
    row = Project.objects.select_related("organisation").filter(pk=project).first()
    if row is None or not sees(by, project):
        raise NotFound(f"There is no project {project} that you may see.", remedy="List yours with 'fabrica projects'.")
    return row


def chosen_project(by: Actor, project: ProjectId | None) -> ProjectId:
    """Return the named project, or without a name the only one in which the actor works.

    Raises:
        NotFound: no such project, or the actor may not see it.
        ProjectAmbiguous: none was named, and the actor works in several or in none.
    """
    if project is not None:
        return _seen_project(by, project).id
    mine = [one for one in projects(by) if one.role in ("lead", "member")]
    if len(mine) == 1:
        return mine[0].id
    names = ", ".join(f"{one.name} ({one.id})" for one in mine) or "none"
    raise wire.ProjectAmbiguous(f"You can work in: {names}.", remedy="Name one with --project or in fabrica.toml.")


def projects(by: Actor) -> tuple[wire.Project, ...]:
    """Return the projects the actor is a member of, or all for those who see everything."""
    rows = Project.objects.select_related("organisation").order_by("created_at")
    if by.sees_everything:
        roles = dict(Membership.objects.filter(user_id=by.user).values_list("project_id", "role")) if by.user else {}
        return tuple(_wire(row, roles.get(row.id), ()) for row in rows)
    if by.user is None:
        return ()
    memberships = Membership.objects.filter(user_id=by.user).select_related("project__organisation")
    return tuple(
        _wire(membership.project, membership.role, ())  # type: ignore[arg-type]
        for membership in memberships.order_by("project__created_at")
    )


def _wire(row: Project, role: wire.ProjectRole | None, members: tuple[wire.Member, ...]) -> wire.Project:
    return wire.Project(
        id=row.id,
        name=row.name,
        organisation=row.organisation_id,
        organisation_name=row.organisation.name,
        created_at=row.created_at,
        role=role,
        members=members,
    )


def project_names(projects: set[ProjectId]) -> dict[ProjectId, str]:
    """Return the names of projects, for lists that were narrowed already."""
    return dict(Project.objects.filter(pk__in=projects).values_list("pk", "name"))


def user_names(users: set[UserId]) -> dict[UserId, str]:
    """Return the names of users, for lists that were narrowed already."""
    return {user.pk: _name(user) for user in User.objects.filter(pk__in=users)}


def _name(user: User) -> str:
    """Return a name that says when its person is not active any more."""
    return str(user) if user.is_active else f"{user} (deactivated)"


def signatures(users: set[UserId]) -> dict[UserId, str]:
    """Return the names of users as documents that stand for years give them: with no word on who is active today."""
    return {user.pk: str(user) for user in User.objects.filter(pk__in=users)}


def user_emails(users: set[UserId]) -> dict[UserId, str]:
    """Return the e-mail address of each user that a site may believe; sites hear only its SHA-256.

    Where anybody may sign up, an address is whatever they typed, so none is told: sites then know people by their id.
    """
    if settings.SIGN_UP_OPEN:
        return {}
    return dict(User.objects.filter(pk__in=users).values_list("pk", "email"))


def mail_address(user: UserId) -> str | None:
    """Return where the server may write to a person of its own accord; None when they are not active or want none."""
    if not User.objects.filter(pk=user, is_active=True, mail_wanted=True).exists():
        return None
    return user_emails({user}).get(user)


def user_with(email: str) -> UserId | None:
    """Return the person with this address."""
    return User.objects.filter(email__iexact=email).values_list("pk", flat=True).first()


def other_operators(user: UserId) -> int:
    """Return how many active operators there are beside one."""
    return User.objects.filter(network_role=NetworkRole.OPERATOR, is_active=True).exclude(pk=user).count()


def is_active(by: Actor) -> bool:
    """Return whether the actor still is who they were when they asked; programs of the network always are."""
    return by.user is None or User.objects.filter(pk=by.user, is_active=True).exists()


def people(by: Actor, *, search: str = "", after: UserId | None = None, limit: int = 50) -> wire.PersonList:
    """Return the people whose name or address holds `search`; `after` is the cursor of the page before.

    Raises:
        NotAllowed: the actor is neither operator nor auditor.
    """
    _check_office(by)
    rows = User.objects.filter(Q(name__icontains=search) | Q(email__icontains=search)).order_by("pk")
    if after is not None:
        rows = rows.filter(pk__gt=after)
    found = list(rows[: limit + 1])
    cursor = str(found[limit - 1].pk) if len(found) > limit else None
    return wire.PersonList(people=tuple(_person(row) for row in found[:limit]), next_cursor=cursor)


def person(by: Actor, user: UserId) -> wire.Person:
    """Return one person.

    Raises:
        NotAllowed: the actor is neither operator nor auditor.
        NotFound: there is no such person.
    """
    _check_office(by)
    row = User.objects.filter(pk=user).first()
    if row is None:
        raise NotFound(f"There is no person {user}.", remedy="List them with 'fabrica people'.")
    return _person(row)


def person_with(by: Actor, email: str) -> wire.Person:
    """Return the person who has an address.

    Raises:
        NotAllowed: the actor is neither operator nor auditor.
        NotFound: nobody has it.
    """
    _check_office(by)
    row = User.objects.filter(email__iexact=email).first()
    if row is None:
        raise NotFound(f"Nobody here has the address {email}.", remedy=rules.HOW_TO_COME_IN)
    return _person(row)


def _check_office(by: Actor) -> None:
    if not by.sees_everything:
        raise NotAllowed(
            "Only the network's office lists people and organisations.", remedy="Your projects name their members."
        )


def _person(row: User) -> wire.Person:
    return wire.Person(
        id=row.pk,
        name=row.name,
        email=row.email,
        network_role=row.network_role or None,
        active=row.is_active,
        joined_at=row.joined_at,
    )


def organisations(by: Actor) -> tuple[wire.Organisation, ...]:
    """Return the organisations of the network, by name.

    Raises:
        NotAllowed: the actor is neither operator nor auditor.
    """
    _check_office(by)
    rows = Organisation.objects.order_by("name", "pk")
    return tuple(wire.Organisation(id=row.pk, name=row.name, country=row.country or None) for row in rows)


def tokens(by: Actor) -> tuple[wire.Token, ...]:
    """Return the actor's own access tokens, the newest first."""
    return tuple(
        wire.Token(
            id=row.pk,
            name=row.name,
            created_at=row.created_at,
            expires_at=row.expires_at,
            withdrawn_at=row.withdrawn_at,
            last_used_on=row.last_used_on,
        )
        for row in AccessToken.objects.filter(user_id=by.user).order_by("-pk")
    )


def token_ends_at(user: UserId, token: str) -> datetime | None:
    """Return when an access token of a person's ends; None: it is none of theirs, or withdrawn."""
    row = AccessToken.objects.filter(user_id=user, sha256=fingerprint(token), withdrawn_at__isnull=True).first()
    return row.expires_at if row else None


def me(by: Actor) -> wire.Me:
    """Return who the actor is and the projects they are in."""
    row = User.objects.filter(pk=by.user).first() if by.user else None
    return wire.Me(
        user=by.user,
        name=by.name,
        email=row.email if row else None,
        network_roles=tuple(sorted(role.value for role in by.network_roles)),
        projects=projects(by),
        mail_wanted=row is not None and row.mail_wanted,
    )
