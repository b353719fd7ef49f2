"""E-mail of the desk, through a real mail server: what is told to whom, once, and nothing where nobody set it up."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from fabrica.aiact import library
from fabrica.aiact.classify import classify
from fabrica.server.aiact import queries, question_service, reconcilers, result_service, statement_service
from fabrica.server.aiact.models import Notice
from fabrica.server.aiact.notice_service import TRIES_MAX, notify
from fabrica.server.core import clock
from fabrica.server.core.actors import Actor
from fabrica.server.people import service as people_service
from fabrica.server.people.models import User
from fabrica.wire.aiact import Classification
from fabrica.wire.questions import NewQuestion, Reply
from fabrica.wire.systems import NewFacts
from tests.builders import make_member, make_operator, make_user
from tests.server.aiact.builders import make_lead_with_version
from tests.server.aiact.desk_reader import CV_SCREENER
from tests.services.smtp import MailServer, mail_server

pytestmark = pytest.mark.django_db


@pytest.fixture
def post(settings: Any) -> Iterator[MailServer]:
    """Yield a mail server that this server is set up to use."""
    with mail_server() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_HOST_USER, settings.EMAIL_USE_TLS, settings.EMAIL_USE_SSL = "", False, False
        settings.EMAIL_FROM = "desk@fabrica.example.eu"
        yield server


def address_of(by: Actor) -> str:
    return User.objects.get(pk=by.user).email


def told(by: Actor, **words: str) -> None:
    assert by.user
    notify(by.user, **({"key": "k", "subject": "S", "words": "W", "page": "aiact:home"} | words))


def test_leads_are_told_when_a_change_of_the_law_changes_their_result(
    post: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead, version = make_lead_with_version(name="Euro char")
    answers = {"artefact": "model", "actor_does": ["trains_model"], "model_outputs": ["text"], "training_flop": 2e23}
    statement_service.tell_facts(lead, version=version, told=NewFacts(answers=answers))

    def other_law(answers: dict[str, object], as_of: date) -> Classification:
        return classify(answers, as_of).model_copy(update={"tiers": (), "standing": {}, "roles": ()})

    monkeypatch.setattr(library, "digest", lambda: "f" * 64)
    monkeypatch.setattr(result_service, "classify", other_law)
    reconcilers.find_results_again()
    assert reconcilers.send_notices() == 1
    assert reconcilers.send_notices() == 0
    (message,) = post.messages
    assert post.recipients == [address_of(lead)]
    assert "Subject: Euro char" in message
    assert f"/ai-act/versions/{version}" in message.replace("=\n", "")
    assert "No longer" not in message


def test_who_asked_is_told_that_an_adviser_answered_and_not_what(post: MailServer) -> None:
    lead, version = make_lead_with_version()
    project = queries.version(lead, version).project
    asker, adviser = make_member(project), make_operator()
    question = question_service.ask(asker, project=project, told=NewQuestion(text="Is our secret chatbot high-risk?"))
    question_service.take(adviser, question=question)
    question_service.answer(adviser, question=question, reply=Reply(text="It is not.", citations=("Art. 50(1)",)))
    assert reconcilers.send_notices() == 1
    assert post.recipients == [address_of(asker)]
    assert "secret chatbot" not in post.messages[0]
    assert "It is not." not in post.messages[0]


def test_leads_are_told_once_of_each_day_within_a_month(post: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    lead, version = make_lead_with_version(kind="system", name="CV screener")
    statement_service.tell_facts(lead, version=version, told=NewFacts(answers=CV_SCREENER))
    assert reconcilers.tell_of_days_ahead() == 0
    near = clock.now().replace(year=2027, month=11, day=10)
    monkeypatch.setattr(clock, "now", lambda: near)
    assert reconcilers.tell_of_days_ahead() == 1
    monkeypatch.setattr(clock, "now", lambda: near + timedelta(days=1))
    assert reconcilers.tell_of_days_ahead() == 0
    assert reconcilers.send_notices() == 1
    assert "due on 02 December 2027" in post.messages[0]
    assert "(Art. 16" in post.messages[0]


def test_nothing_is_kept_where_no_mail_is_set_up(settings: Any) -> None:
    settings.EMAIL_FROM = ""
    told(make_user())
    assert not Notice.objects.exists()


def test_nobody_is_mailed_whose_address_is_not_to_be_believed_or_who_is_not_active(
    post: MailServer, settings: Any
) -> None:
    gone = make_user()
    told(gone)
    User.objects.filter(pk=gone.user).update(is_active=False)
    assert reconcilers.send_notices() == 0
    settings.SIGN_UP_OPEN = True
    told(make_user())
    assert Notice.objects.count() == 1
    assert not post.recipients


def test_who_switched_e_mail_off_is_written_to_no_more_not_even_what_waits(post: MailServer) -> None:
    person = make_user()
    assert person.user
    told(person)
    people_service.choose_mail(person, user=person.user, wanted=False)
    assert reconcilers.send_notices() == 0
    told(person, key="another")
    assert Notice.objects.count() == 1
    assert not post.recipients


def test_each_message_says_where_it_is_switched_off(post: MailServer) -> None:
    told(make_user())
    assert reconcilers.send_notices() == 1
    assert "List-Unsubscribe: <http://127.0.0.1:8400/mail>" in post.messages[0]
    assert "No more such mail: http://127.0.0.1:8400/mail" in post.messages[0]


def test_a_subject_is_one_line_whatever_a_system_is_called(post: MailServer) -> None:
    told(make_user(), subject="A\r\nBcc: everybody@example.eu\n" + "x" * 500)
    assert reconcilers.send_notices() == 1
    assert len(post.recipients) == 1
    assert "\nBcc:" not in post.messages[0]


def test_mail_that_is_refused_waits_longer_each_time_and_is_given_up(
    post: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(make_user())
    post.refusing = True
    now = clock.now()
    for tries in range(1, TRIES_MAX + 1):
        assert reconcilers.send_notices() == 0
        assert Notice.objects.get().tries == tries
        assert reconcilers.send_notices() == 0
        assert Notice.objects.get().tries == tries, "it is not tried again at once"
        now += timedelta(days=2)
        monkeypatch.setattr(clock, "now", lambda now=now: now)
    post.refusing = False
    assert reconcilers.send_notices() == 0
    assert len(post.recipients) == TRIES_MAX


def test_a_mail_server_that_is_not_there_stops_nothing(post: MailServer, settings: Any) -> None:
    settings.EMAIL_PORT = 1
    told(make_user())
    assert reconcilers.send_notices() == 0
    assert Notice.objects.get().tries == 1


def test_old_messages_are_deleted(post: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    told(make_user())
    reconcilers.send_notices()
    later = clock.now() + timedelta(days=91)
    monkeypatch.setattr(clock, "now", lambda: later)
    reconcilers.send_notices()
    assert not Notice.objects.exists()
