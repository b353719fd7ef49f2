"""Free words propose facts, and never give them."""

from hypothesis import given, settings
from hypothesis import strategies as st

from fabrica.aiact import library
from fabrica.aiact.intake.proposals import LONGEST_TEXT, proposals


def test_a_description_proposes_facts_with_the_words_that_suggest_them() -> None:
    found = {(one.fact, one.value): one.because for one in proposals("We built a chatbot that ranks job applicants.")}
    assert found["used_for", "recruitment"] == ("applicants",)
    assert ("actor_does", "develops") in found
    assert ("talks_to_people", "true") in found


def test_words_count_only_as_whole_words_and_phrases() -> None:
    assert proposals("The toyota of sells we") == ()
    assert proposals("") == ()


def test_a_text_beyond_the_longest_is_not_read_on() -> None:
    assert proposals("x " * LONGEST_TEXT + "chatbot") == ()


@settings(deadline=None)
@given(text=st.text(max_size=300))
def test_any_text_proposes_only_facts_of_the_vocabulary(text: str) -> None:
    for one in proposals(text):
        fact = library.vocabulary()[one.fact]
        assert one.value in (*fact.values, "true")
