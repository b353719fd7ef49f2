"""The words of a question."""

from fabrica.aiact.questions.words import means_also, says_nothing


def test_a_word_that_says_nothing_has_no_other_words() -> None:
    assert {"the", "must", "ai"} <= says_nothing()
    assert all(not means_also(word) for word in says_nothing())


def test_words_of_people_lead_to_words_of_the_law() -> None:
    assert "prohibited" in means_also("banned")
    assert means_also("nothing-like-it") == ()
