"""The verbs of people."""

from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.db.models import F

from fabrica.server.core import clock
from fabrica.server.core.actors import Actor, NetworkRole
from fabrica.server.core.facts import announce
from fabrica.server.core.tokens import fingerprint, new_token
from fabrica.server.core.verbs import verb
from fabrica.server.people import facts, permissions, rules
from fabrica.server.people.models import AccessToken, Membership, Organisation, Project, User
from fabrica.values.ids import OrganisationId, ProjectId, UserId
from fabrica.wire.people import PersonKnown, ProjectRole, SignInLinkRefused, TokenRefused
from fabrica.wire.problems import Malformed, NotFound

_SIGN_IN = "fabrica.people.sign-in"


@verb(may=permissions.operator)
def add_user(
    by: Actor, *, email: str, name: str, password: str | None = None, network_role: NetworkRole | None = None
) -> UserId:
    """Add a person. Without a password they sign in through the organisation's identity provider, or set one by mail.

    Raises:
        PersonKnown: somebody has this address already.
    """
    if User.objects.filter(email__iexact=email).exists():
        raise PersonKnown(f"Somebody has the address {email} already.", remedy="Look for them with 'fabrica people'.")
    user = User.objects.create_user(
        email, password, name=name, network_role=network_role or "", is_staff=network_role is NetworkRole.OPERATOR
    )
    if network_role is NetworkRole.OPERATOR:
        User.objects.filter(pk=user.pk).update(is_superuser=True)
    announce(facts.PersonAdded(user=user.pk, network_role=network_role))
    return user.pk


@verb(may=permissions.operator)
def add_organisation(by: Actor, *, name: str, country: str = "", kind: str = "unknown") -> OrganisationId:
    """Add a legal entity."""
    return Organisation.objects.create(name=name, country=country, kind=kind).pk


@verb(may=permissions.operator)
def open_project(by: Actor, *, name: str, organisation: OrganisationId, lead: UserId) -> ProjectId:
    """Open a project for an organisation, led by one person.

    Raises:
        NotFound: there is no such organisation.
    """
    owner = Organisation.objects.filter(pk=organisation).first()
    if owner is None:
        raise NotFound(f"There is no organisation {organisation}.", remedy="List them with 'fabrica organisations'.")
    project = Project.objects.create(name=name, organisation=owner, created_at=clock.now())
    Membership.objects.create(project=project, user_id=lead, role="lead")
    announce(facts.ProjectOpened(project=project.pk, name=name, organisation_name=owner.name))
    return project.pk


@verb(may=permissions.leads)
def give_role(by: Actor, *, project: ProjectId, email: str, role: ProjectRole | None) -> None:
    """Give a person a role in a project, or take it away with `role=None`.

    Raises:
        NotFound: nobody has that address.
        LastLead: the project would be left without a lead.
    """
    user = User.objects.filter(email__iexact=email).first()
    if user is None:
        raise NotFound(f"Nobody here has the address {email}.", remedy=rules.HOW_TO_COME_IN)
    memberships = Membership.objects.select_for_update().filter(project_id=project)
    leads = sum(membership.role == "lead" for membership in memberships)
    was = next((membership for membership in memberships if membership.user_id == user.pk), None)
    rules.check_lead_remains(leads, was is not None and was.role == "lead", role)
    if role is None:
        Membership.objects.filter(project_id=project, user=user).delete()
    else:
        Membership.objects.update_or_create(project_id=project, user=user, defaults={"role": role})
    announce(facts.RoleGiven(project=project, user=user.pk, role=role))


@verb(may=permissions.operator)
def deactivate(by: Actor, *, user: UserId) -> None:
    """Let a person do nothing here any more, at once: tokens and sessions end for good. Their runs go on.

    Deactivating twice changes nothing.

    Raises:
        NotFound: there is no such person.
        LastOperator: nobody could bring them back.
    """
    operators = User.objects.select_for_update().filter(network_role=NetworkRole.OPERATOR, is_active=True)
    active = list(operators.values_list("pk", flat=True))  # locked first: two operators do not deactivate each other
    row = _person(user)
    if not row.is_active:
        return
    rules.check_operator_remains(len(active), user in active)
    User.objects.filter(pk=user).update(is_active=False, session_generation=F("session_generation") + 1)
    AccessToken.objects.filter(user_id=user, withdrawn_at__isnull=True).update(withdrawn_at=clock.now())
    announce(facts.PersonDeactivated(user=user))


@verb(may=permissions.operator)
def reactivate(by: Actor, *, user: UserId) -> None:
    """Let a person in again, with the roles they had; old tokens and sessions stay ended. Twice changes nothing.

    Raises:
        NotFound: there is no such person.
    """
    if not _person(user).is_active:
        User.objects.filter(pk=user).update(is_active=True)
        announce(facts.PersonReactivated(user=user))


@verb(may=permissions.operator)
def appoint_adviser(by: Actor, *, user: UserId, appointed: bool = True) -> None:
    """Make a person an adviser of the service desk, or end that. Twice changes nothing.

    Raises:
        NotFound: there is no such person.
        NetworkRoleHeld: they have another role in the network.
    """
    row = _person(user)
    rules.check_no_other_role(row.network_role)
    role = NetworkRole.ADVISER.value if appointed else ""
    if row.network_role != role:
        User.objects.filter(pk=user).update(network_role=role)
        announce(facts.AdviserAppointed(user=user, appointed=appointed))


def _person(user: UserId) -> User:
    row = User.objects.select_for_update().filter(pk=user).first()
    if row is None:
        raise NotFound(f"There is no person {user}.", remedy="List them with 'fabrica people'.")
    return row


@verb(may=permissions.themself)
def make_token(by: Actor, *, user: UserId, name: str, days: int = 90) -> str:
    """Make an access token and return it; this is the only time it can be seen."""
    if not 1 <= days <= rules.TOKEN_DAYS_MAX:
        raise Malformed(
            f"A token lives 1 to {rules.TOKEN_DAYS_MAX} days, not {days}.", remedy="Make a new one when it ends."
        )
    token = new_token()
    now = clock.now()
    AccessToken.objects.create(
        sha256=fingerprint(token), user_id=user, name=name, created_at=now, expires_at=now + timedelta(days=days)
    )
    return token


@verb(may=permissions.themself)
def withdraw_token(by: Actor, *, user: UserId, token: int) -> None:
    """End an access token now. Withdrawing twice changes nothing.

    Raises:
        NotFound: the person has no such token.
    """
    rows = AccessToken.objects.filter(pk=token, user_id=user)
    if not rows.exists():
        raise NotFound(f"You have no access token {token}.", remedy="List yours with 'fabrica token list'.")
    rows.filter(withdrawn_at__isnull=True).update(withdrawn_at=clock.now())


@verb(may=permissions.themself)
def choose_mail(by: Actor, *, user: UserId, wanted: bool) -> None:
    """Choose whether the server writes to oneself of its own accord. Twice changes nothing."""
    User.objects.filter(pk=user).update(mail_wanted=wanted)


@verb(may=permissions.themself)
def sign_in_link(by: Actor, *, user: UserId) -> str:
    """Return a signed link that signs the person in to the portal: once, and within five minutes."""
    row = User.objects.get(pk=user)
    token = signing.dumps({"user": user, "since": _last_sign_in(row)}, salt=_SIGN_IN)
    return f"{settings.PUBLIC_URL}/sign-in/{token}"


def user_of_link(token: str) -> User:
    """Return whom a sign-in link signs in.

    Raises:
        SignInLinkRefused: it is damaged, older than five minutes, or was used.
    """
    try:
        said = signing.loads(token, salt=_SIGN_IN, max_age=rules.SIGN_IN_SECONDS)
        row = User.objects.get(pk=said["user"], is_active=True)
    except (signing.BadSignature, User.DoesNotExist):
        row = None
    if row is None or said["since"] != _last_sign_in(row):  # signing in changes the time, so a link works once
        raise SignInLinkRefused(
            "This sign-in link was used, or is too old.", remedy="Make a new one: 'fabrica portal'."
        )
    return row


def _last_sign_in(row: User) -> str:
    return row.last_login.isoformat() if row.last_login else "never"


def actor_of_token(token: str) -> Actor:
    """Return who shows this token.

    Raises:
        TokenRefused: unknown, withdrawn, expired, or its owner is no longer active.
    """
    row = AccessToken.objects.select_related("user").filter(sha256=fingerprint(token)).first()
    if row is None or not row.user.is_active:
        raise TokenRefused("This access token is not known here.", remedy=rules.HOW_TO_COME_BACK)
    now = clock.now()
    rules.check_token(row.expires_at, row.withdrawn_at, now)
    if row.last_used_on != now.date():  # one write a day, however often it is shown
        AccessToken.objects.filter(pk=row.pk).update(last_used_on=now.date())
    return actor_of_user(row.user)


def actor_of_user(user: User) -> Actor:
    """Return the actor a signed-in user is."""
    roles = frozenset({NetworkRole(user.network_role)}) if user.network_role else frozenset()
    return Actor(name=str(user), user=user.pk, network_roles=roles)
