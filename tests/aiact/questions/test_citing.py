"""A reply cites passages that are there, or it is refused with the nearest."""

import pytest

from fabrica.aiact.questions.answering import ask
from fabrica.aiact.questions.citing import cited
from fabrica.aiact.questions.passages import law_passages
from fabrica.values.ids import QuestionId
from fabrica.wire.questions import CitationUnknown, PublishedAnswer, ReplyUncited
from tests.aiact.questions.test_answering import DAY


@pytest.mark.parametrize("name", ["Art. 4(1)", "Article 4(1)", "art.  4(1)", "obligations/obligations/lit-4"])
def test_a_passage_is_cited_by_its_id_or_its_article(name: str) -> None:
    (found,) = cited([name])
    assert (found.citation, found.passage) == ("Art. 4(1)", "obligations/obligations/lit-4")
    assert found.text, "the words are kept as they stood"


def test_every_passage_of_the_law_can_be_cited_by_its_id() -> None:
    names = [one.id for one in law_passages()]
    assert [one.passage for one in cited(names)] == names


def test_what_many_passages_are_cited_as_is_refused_with_their_ids() -> None:
    with pytest.raises(CitationUnknown, match=r"26 passages .*route_annex_iii"):
        cited(["Art. 6(2), Annex III"])


def test_the_same_passage_twice_is_cited_once() -> None:
    assert len(cited(["Art. 4(1)", "obligations/obligations/lit-4"])) == 1


def test_an_unknown_citation_is_refused_with_the_nearest() -> None:
    with pytest.raises(CitationUnknown, match=r"Art\. 4\(1\)"):
        cited(["Art. 4(1"])
    with pytest.raises(CitationUnknown, match="fabrica aiact ask"):
        cited(["the office's feeling"])


def test_a_reply_without_a_citation_is_refused() -> None:
    with pytest.raises(ReplyUncited):
        cited([])


def _published(**changes: object) -> PublishedAnswer:
    told = {
        "id": QuestionId.new(),
        "question": "Must a zeppelin dispatcher label its replies?",
        "reply": "A zeppelin dispatcher that talks with people says that it is one.",
        "citations": cited(["Art. 4(1)"]),
        "published_on": DAY,
        "law": "the data of that day",
        "law_changed": False,
    }
    return PublishedAnswer.model_validate(told | changes)


def test_a_published_answer_is_found_with_what_it_cites() -> None:
    assert not ask("zeppelin dispatcher replies", DAY).found
    answer = _published()
    found = ask("zeppelin dispatcher replies", DAY, published=(answer,))
    first = found.passages[0]
    assert (first.kind, first.id, first.citation) == ("published", answer.id, "Art. 4(1)")
    assert "the data of that day" in first.source


def test_an_answer_under_older_data_of_the_law_says_so() -> None:
    found = ask("zeppelin dispatcher replies", DAY, published=(_published(law_changed=True),))
    assert "has changed since" in found.passages[0].source
