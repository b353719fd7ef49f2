"""What a question asks is read from its shape: the law it names, and how many words are left that tell."""

from datetime import date

import pytest

from fabrica.aiact.questions.answering import ask
from fabrica.aiact.questions.asked import asked
from fabrica.wire.questions import OfficialText, Section

DAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("What does the Cyber Resilience Act ask?", ("cyber", "resilience")),
        ("Is the Digital Services Act in force?", ("digital", "services")),
        ("Is our robot in Section A because of the machinery regulation?", ("machinery",)),
        ("What does China's generative AI regulation require?", ("china", "generative", "ai")),
        ("What fines does the GDPR provide?", ("gdpr",)),
        ("What does the Act ask of deployers?", ()),
        ("Does the EU AI regulation apply to us?", ()),
        ("Must providers act on incidents?", ()),
        ("Does the Cyber Resilience Act cover Art. 15 of the AI Act?", ()),
    ],
)
def test_a_question_names_another_law_or_none(question: str, named: tuple[str, ...]) -> None:
    assert asked(question).other_law == named


def test_a_question_about_another_law_is_answered_where_a_passage_speaks_of_both() -> None:
    assert not ask("When does the Cyber Resilience Act apply?", DAY).found
    both = ask("Does Cyber Resilience Act conformity cover the cybersecurity requirement of high-risk systems?", DAY)
    assert {"hr-15", "1(18)"} & {one.id.split("/")[-1] for one in both.passages}


def test_a_law_that_was_imported_answers_questions_about_itself_and_no_other_law_does() -> None:
    section = Section(label="Article 2", title="Fruit", passages=(("3", "Bananas shall be curved."),))
    text = OfficialText(
        title="Fruit Act", file="a.html", sha256="a" * 64, imported_on=DAY, complete=True, lacks=(), sections=(section,)
    )
    (one,) = ask("What does the Fruit Act say of bananas?", DAY, (text,)).passages
    assert one.citation == "Article 2(3), Fruit Act"
    assert not ask("What does the Vegetable Act say of bananas?", DAY, (text,)).found


def test_a_lone_word_that_the_sources_mention_in_passing_answers_nothing() -> None:
    assert not ask("Who pays for a visa?", DAY).found
    assert ask("Who pays the fine?", DAY).found
    assert ask("What is a deployer?", DAY).found


@pytest.mark.parametrize(
    ("question", "how_to"),
    [
        ("How do I write a CV?", True),
        ("How can we get customers?", True),
        ("How to make a video?", True),
        ("How do I register?", False),
        ("How do I get CE marking?", False),
        ("What is a CV?", False),
    ],
)
def test_how_one_gets_a_single_thing_is_told_from_how_a_duty_is_met(question: str, how_to: bool) -> None:
    assert asked(question).how_to is how_to


def test_how_one_gets_a_thing_is_answered_by_whoever_wrote_a_whole_answer() -> None:
    section = Section(label="Article 1", title="Visa", passages=(("1", "A visa is asked for at the consulate."),))
    text = OfficialText(
        title="Visa Act", file="a.html", sha256="a" * 64, imported_on=DAY, complete=True, lacks=(), sections=(section,)
    )
    assert [one.kind for one in ask("How do I get a visa?", DAY, (text,)).passages] == ["official"]


@pytest.mark.parametrize(
    ("question", "comparing"),
    [
        ("Which notified body is cheapest?", ("cheapest",)),
        ("Is an arrest on the request of a guest a test?", ()),
        ("What is the highest fine?", ("highest",)),
    ],
)
def test_a_word_that_compares_is_told_from_one_that_ends_alike(question: str, comparing: tuple[str, ...]) -> None:
    assert asked(question).superlatives == comparing


def test_an_amount_is_asked_for_by_how_many_and_how_much() -> None:
    assert asked("How many days are there?").amount
    assert asked("How much is the fine?").amount
    assert not asked("How long must logs be kept?").amount
