"""Every fact has a question in words, with why it is asked and an example."""

from fabrica.aiact import library
from fabrica.aiact.facts import checked
from fabrica.aiact.intake.proposals import proposals, value_of
from fabrica.aiact.intake.wording import checklists, choices, said, wordings


def test_every_fact_but_the_day_has_a_question_with_why_and_an_example() -> None:
    assert wordings().keys() == library.vocabulary().keys() - {"as_of"}
    for key, one in wordings().items():
        assert one.ask.endswith("?"), key
        assert one.why, key
        assert one.example, key
        words = [choice.words for choice in choices(key)]
        assert len(set(words)) == len(words), key
        assert not any("_" in word for word in words), key


def test_every_value_of_a_checklist_is_one_that_its_fact_can_have() -> None:
    for one in checklists().values():
        for fact, line in one.facts.items():
            for value in (line.otherwise, line.ticked):
                checked({fact: value})


def test_every_spoken_word_proposes_a_value_of_the_vocabulary() -> None:
    for fact, values in said().items():
        for value, phrases in values.items():
            for phrase in phrases:
                found = [one for one in proposals(phrase) if (one.fact, one.value) == (fact, value)]
                assert found, f"{phrase!r} proposes no {fact}: {value}"
                typed = value_of(found[0])
                kind = library.vocabulary()[fact].type
                checked({fact: [typed] if kind == "list" else typed})
