"""Questions on the command line: asked, taken, answered with citations, published, found."""

import json

import pytest

from fabrica.server.core.actors import NetworkRole
from fabrica.wire.problems import NotAllowed
from fabrica.wire.questions import ReplyUncited
from tests.builders import make_project, make_user
from tests.server.aiact.terminal import Terminal, say

pytestmark = pytest.mark.django_db


def test_a_question_goes_to_an_adviser_and_its_answer_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    asker, adviser = make_user("Anna Asker"), make_user("Ada Adviser", network_role=NetworkRole.ADVISER)
    make_project(asker)
    terminal = Terminal(monkeypatch)

    terminal.of(asker)
    asked = json.loads(say("questions", "ask", "Must a zeppelin bot say what it is?", "--json").stdout)
    assert isinstance(say("questions", "take", asked["id"]).exception, NotAllowed)

    terminal.of(adviser)
    assert "Anna Asker" in say("questions", "--state", "asked").stdout
    assert say("questions", "take", asked["id"]).exit_code == 0
    assert isinstance(say("questions", "answer", asked["id"], "--reply", "Yes.").exception, ReplyUncited)
    assert say("questions", "give-back", asked["id"], "--reason", "Not my field.").exit_code == 0
    assert say("questions", "take", asked["id"]).exit_code == 0
    assert say("questions", "answer", asked["id"], "--reply", "Yes.", "--cite", "Art. 50(1)").exit_code == 0

    terminal.of(asker)
    shown = say("questions", "show", asked["id"]).stdout
    assert "Art. 50(1)" in shown
    assert "has not allowed" in shown
    assert say("questions", "ask-again", asked["id"], "--reason", "By when?").exit_code == 0
    assert say("questions", "allow", asked["id"], "--publishing").exit_code == 0

    terminal.of(adviser)
    say("questions", "take", asked["id"])
    say("questions", "answer", asked["id"], "--reply", "From the first contact on.", "--cite", "Art. 50(1)")
    assert say("questions", "publish", asked["id"], "--as", "Must a zeppelin bot say what it is?").exit_code == 0

    terminal.of(make_user("A stranger"))
    found = say("questions", "find", "zeppelin bot").stdout
    assert "From the first contact on." in found
    assert "ANSWER OF AN ADVISER" in found
    assert "No question" in say("questions").stdout

    terminal.of(asker)
    assert say("questions", "withdraw", asked["id"], "--reason", "Outdated.").exit_code == 0
    assert "From the first" not in say("questions", "find", "zeppelin bot").stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("questions", "--state", "lost"), "--state is one of"),
        (("questions", "answer", "qst_1", "--cite", "Art. 4(1)"), "--reply, or in a file"),
        (("questions", "answer", "qst_1", "--reply", " "), "1 to 10,000 characters"),
    ],
)
def test_what_cannot_be_meant_is_told_with_what_would_be_right(arguments: tuple[str, ...], words: str) -> None:
    assert words in say(*arguments).output
