"""The verbs of people, each with an actor who may and one who may not."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import update_last_login

from fabrica.server.core import clock
from fabrica.server.core.actors import NOBODY, SYSTEM, Actor, NetworkRole
from fabrica.server.core.models import Fact
from fabrica.server.people import queries, service
from fabrica.server.people.models import AccessToken, Membership, User
from fabrica.values.ids import OrganisationId, ProjectId, UserId
from fabrica.wire.people import LastLead, LastOperator, NetworkRoleHeld, PersonKnown, SignInLinkRefused, TokenRefused
from fabrica.wire.problems import Malformed, NotAllowed, NotFound
from tests.builders import make_member, make_operator, make_project, make_user

pytestmark = pytest.mark.django_db


def user_of(actor: Actor) -> UserId:
    assert actor.user is not None
    return actor.user


def email_of(actor: Actor) -> str:
    return User.objects.get(pk=actor.user).email


@pytest.fixture
def lead() -> Actor:
    return make_user("Lea Lead")


@pytest.fixture
def project(lead: Actor) -> ProjectId:
    return make_project(lead)


def test_only_operators_add_people_organisations_and_projects(lead: Actor) -> None:
    asks: list[Callable[[Actor], Any]] = [
        lambda by: service.add_user(by, email="new@factory.example", name="New"),
        lambda by: service.add_organisation(by, name="Another"),
        lambda by: service.open_project(
            by, name="p", organisation=service.add_organisation(SYSTEM, name="O"), lead=user_of(lead)
        ),
    ]
    for ask in asks:
        assert ask(make_operator())
        with pytest.raises(NotAllowed):
            ask(lead)


def test_an_address_is_one_person_whatever_its_case() -> None:
    make_user(email="ada@factory.example")
    with pytest.raises(PersonKnown, match="already"):
        make_user(email="ADA@factory.example")


def test_a_project_needs_its_organisation(lead: Actor) -> None:
    with pytest.raises(NotFound):
        service.open_project(SYSTEM, name="p", organisation=OrganisationId.new(), lead=user_of(lead))


def test_a_lead_gives_roles_and_a_member_does_not(lead: Actor, project: ProjectId) -> None:
    new = make_user()
    service.give_role(lead, project=project, email=email_of(new), role="member")
    assert queries.role_in(new, project) == "member"
    service.give_role(lead, project=project, email=email_of(new).upper(), role="reader")
    assert queries.role_in(new, project) == "reader"
    with pytest.raises(NotAllowed):
        service.give_role(new, project=project, email=email_of(new), role="lead")
    assert Fact.objects.filter(kind="people.role_given").count() == 2


def test_a_role_is_taken_away(lead: Actor, project: ProjectId) -> None:
    member = make_member(project)
    service.give_role(lead, project=project, email=email_of(member), role=None)
    assert queries.role_in(member, project) is None


def test_the_last_lead_stays_whoever_asks(lead: Actor, project: ProjectId) -> None:
    for by in (lead, make_operator()):
        with pytest.raises(LastLead):
            service.give_role(by, project=project, email=email_of(lead), role=None)
    assert Membership.objects.get(project_id=project).role == "lead"


def test_a_stranger_gets_no_role(lead: Actor, project: ProjectId) -> None:
    with pytest.raises(NotFound, match="nobody@factory"):
        service.give_role(lead, project=project, email="nobody@factory.example", role="reader")


def test_a_token_is_its_owner_and_is_not_stored(lead: Actor) -> None:
    token = service.make_token(lead, user=user_of(lead), name="laptop")
    assert service.actor_of_token(token) == lead
    assert token not in str(list(AccessToken.objects.values()))


def test_nobody_makes_a_token_or_a_link_for_another_not_even_an_operator(lead: Actor) -> None:
    for by in (make_operator(), make_user()):
        with pytest.raises(NotAllowed):
            service.make_token(by, user=user_of(lead), name="mine")
        with pytest.raises(NotAllowed):
            service.sign_in_link(by, user=user_of(lead))


@pytest.mark.parametrize("days", [0, -1, 367])
def test_a_token_lives_a_bounded_time(lead: Actor, days: int) -> None:
    with pytest.raises(Malformed):
        service.make_token(lead, user=user_of(lead), name="laptop", days=days)


@pytest.mark.parametrize("token", ["fbr_unknown", "", "é", "fbr_" + "x" * 10_000])
def test_an_unknown_token_is_refused(token: str) -> None:
    with pytest.raises(TokenRefused, match="not known"):
        service.actor_of_token(token)


def test_an_expired_token_is_refused(lead: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    token = service.make_token(lead, user=user_of(lead), name="laptop", days=1)
    later = clock.now() + timedelta(days=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    with pytest.raises(TokenRefused, match="expired"):
        service.actor_of_token(token)


def test_a_withdrawn_token_is_refused_and_withdrawing_twice_changes_nothing(lead: Actor) -> None:
    token = service.make_token(lead, user=user_of(lead), name="laptop")
    number = queries.tokens(lead)[0].id
    service.withdraw_token(lead, user=user_of(lead), token=number)
    first = queries.tokens(lead)[0].withdrawn_at
    service.withdraw_token(lead, user=user_of(lead), token=number)
    assert queries.tokens(lead)[0].withdrawn_at == first
    with pytest.raises(TokenRefused, match="withdrawn"):
        service.actor_of_token(token)


def test_a_token_tells_the_day_of_its_last_use_and_a_refused_one_was_not_used(
    lead: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = service.make_token(lead, user=user_of(lead), name="laptop")
    assert queries.tokens(lead)[0].last_used_on is None
    for days in (1, 2):
        then = clock.now() + timedelta(days=1)
        monkeypatch.setattr(clock, "now", lambda then=then: then)
        service.actor_of_token(token)
        assert queries.tokens(lead)[0].last_used_on == then.date(), days
    service.withdraw_token(lead, user=user_of(lead), token=queries.tokens(lead)[0].id)
    last = queries.tokens(lead)[0].last_used_on
    then += timedelta(days=1)
    with pytest.raises(TokenRefused):
        service.actor_of_token(token)
    assert queries.tokens(lead)[0].last_used_on == last


def test_a_token_of_another_is_not_found(lead: Actor) -> None:
    service.make_token(lead, user=user_of(lead), name="laptop")
    other = make_user()
    with pytest.raises(NotFound):
        service.withdraw_token(other, user=user_of(other), token=queries.tokens(lead)[0].id)


def test_a_person_who_is_no_longer_active_has_no_token(lead: Actor) -> None:
    token = service.make_token(lead, user=user_of(lead), name="laptop")
    User.objects.filter(pk=lead.user).update(is_active=False)
    with pytest.raises(TokenRefused):
        service.actor_of_token(token)


def test_only_operators_deactivate_and_reactivate(lead: Actor) -> None:
    other = user_of(make_user())
    for verb in (service.deactivate, service.reactivate):
        for by in (lead, make_user(network_role=NetworkRole.AUDITOR)):
            with pytest.raises(NotAllowed):
                verb(by, user=other)
        for _ in range(2):  # a second time changes nothing
            verb(make_operator(), user=other)
        with pytest.raises(NotFound):
            verb(SYSTEM, user=UserId.new())
    kinds = [fact.kind for fact in Fact.objects.filter(subject=other).order_by("sequence")]
    assert kinds == ["people.added", "people.deactivated", "people.reactivated"]


def test_whoever_was_deactivated_gets_no_old_token_back(lead: Actor) -> None:
    token = service.make_token(lead, user=user_of(lead), name="laptop")
    service.deactivate(SYSTEM, user=user_of(lead))
    with pytest.raises(TokenRefused):
        service.actor_of_token(token)
    service.reactivate(SYSTEM, user=user_of(lead))
    with pytest.raises(TokenRefused, match="withdrawn"):
        service.actor_of_token(token)
    assert service.actor_of_token(service.make_token(lead, user=user_of(lead), name="laptop")) == lead


def test_the_network_keeps_an_active_operator() -> None:
    first, second = make_operator(), make_operator()
    service.deactivate(first, user=user_of(first))
    for by in (second, SYSTEM):
        with pytest.raises(LastOperator):
            service.deactivate(by, user=user_of(second))
    service.reactivate(second, user=user_of(first))
    service.deactivate(first, user=user_of(second))


def test_the_look_up_of_a_token_compares_fingerprints_only(
    lead: Actor, django_assert_num_queries: Callable[[int], Any]
) -> None:
    """The time of the answer tells nothing of a stored token: it is looked up by its hash, in one query."""
    token = service.make_token(lead, user=user_of(lead), name="laptop")
    service.actor_of_token(token)  # the day of its last use is written now, and not again today
    for shown in (token, token[:-1] + "!"):
        with django_assert_num_queries(1) as queries_made:
            try:
                service.actor_of_token(shown)
            except TokenRefused:
                assert shown != token
        assert shown not in str(queries_made.captured_queries)


def link_token(actor: Actor) -> str:
    return service.sign_in_link(actor, user=user_of(actor)).rpartition("/")[2]


def test_a_sign_in_link_works_once(lead: Actor) -> None:
    token = link_token(lead)
    user = service.user_of_link(token)
    assert user.pk == lead.user
    update_last_login(User, user)
    with pytest.raises(SignInLinkRefused):
        service.user_of_link(token)


def test_a_sign_in_link_ends_after_five_minutes(lead: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    token = link_token(lead)
    import time

    later = time.time() + 301
    monkeypatch.setattr("django.core.signing.time.time", lambda: later)
    with pytest.raises(SignInLinkRefused):
        service.user_of_link(token)


@pytest.mark.parametrize("change", [lambda token: token[:-1], lambda token: "x" + token, lambda token: ""])
def test_a_damaged_sign_in_link_is_refused(lead: Actor, change: Callable[[str], str]) -> None:
    with pytest.raises(SignInLinkRefused):
        service.user_of_link(change(link_token(lead)))


def test_a_sign_in_link_of_somebody_no_longer_active_is_refused(lead: Actor) -> None:
    token = link_token(lead)
    User.objects.filter(pk=lead.user).update(is_active=False)
    with pytest.raises(SignInLinkRefused):
        service.user_of_link(token)


def test_an_operator_opens_the_admin_and_an_auditor_only_reads() -> None:
    operator = User.objects.get(pk=make_operator().user)
    auditor = make_user("Aud", network_role=NetworkRole.AUDITOR)
    assert operator.is_staff
    assert not User.objects.get(pk=auditor.user).is_staff
    assert auditor.sees_everything
    assert not auditor.is_operator


def test_only_operators_appoint_advisers_and_nobody_is_two_things_in_the_network(lead: Actor) -> None:
    for other in (NOBODY, lead, make_user(network_role=NetworkRole.AUDITOR)):
        with pytest.raises(NotAllowed):
            service.appoint_adviser(other, user=user_of(lead))
    operator = make_operator()
    for appointed in (True, True, False):
        service.appoint_adviser(operator, user=user_of(lead), appointed=appointed)
        now = service.actor_of_user(User.objects.get(pk=lead.user))
        assert now.is_adviser == appointed
        assert not now.sees_everything
    assert Fact.objects.filter(kind="people.adviser_appointed", subject=lead.user).count() == 2
    for other in (operator, make_user(network_role=NetworkRole.AUDITOR)):
        with pytest.raises(NetworkRoleHeld):
            service.appoint_adviser(operator, user=user_of(other))


def test_mail_is_switched_off_and_on_by_oneself_alone(lead: Actor) -> None:
    assert queries.mail_address(user_of(lead)) == email_of(lead)
    for other in (make_user(), make_operator(), NOBODY):
        with pytest.raises(NotAllowed):
            service.choose_mail(other, user=user_of(lead), wanted=False)
    service.choose_mail(lead, user=user_of(lead), wanted=False)
    assert queries.mail_address(user_of(lead)) is None
    assert not queries.me(lead).mail_wanted
    service.choose_mail(lead, user=user_of(lead), wanted=True)
    assert queries.mail_address(user_of(lead)) == email_of(lead)


def test_nobody_who_was_deactivated_is_written_to(lead: Actor) -> None:
    service.deactivate(make_operator(), user=user_of(lead))
    assert queries.mail_address(user_of(lead)) is None
