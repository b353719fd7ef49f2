"""Bodies that are made without being checked are those that the checks would have made."""

from fabrica.wire.aiact import UnsettledQuestion
from fabrica.wire.bodies import altered

CHECKED = UnsettledQuestion(id="oq-1", question="Which day?", status="open")


def test_a_trusted_body_is_the_checked_one() -> None:
    trusted = UnsettledQuestion.trusted(id="oq-1", question="Which day?", status="open")
    assert trusted == CHECKED
    assert trusted.model_dump_json() == CHECKED.model_dump_json()
    assert trusted.model_fields_set == CHECKED.model_fields_set


def test_an_altered_body_is_a_copy_and_keeps_the_order_of_its_fields() -> None:
    other = altered(CHECKED, question="Which year?")
    assert other.model_dump_json() == '{"id":"oq-1","question":"Which year?","status":"open"}'
    assert CHECKED.question == "Which day?"
