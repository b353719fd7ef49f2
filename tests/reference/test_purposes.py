"""Run purposes are those a user may give, each with whether it counts."""

from typing import get_args

from fabrica.reference.purposes import load_purposes
from fabrica.wire.runs import RunPurpose, RunSpec

PURPOSES = load_purposes()


def test_the_purposes_are_those_of_the_wire_in_the_same_order() -> None:
    assert tuple(PURPOSES) == get_args(RunPurpose)


def test_the_default_purpose_does_not_count() -> None:
    assert PURPOSES[RunSpec.model_fields["purpose"].default].counts == "does_not_count"


def test_what_counts_is_what_the_guidelines_say() -> None:
    counting = {tag for tag, purpose in PURPOSES.items() if purpose.counts == "counts"}
    assert counting == {"pretraining", "continued_training", "finetuning"}
    assert PURPOSES["reinforcement_learning"].counts == "in_part"
    assert PURPOSES["synthetic_nonpublic"].counts == "cumulative_only"
    assert PURPOSES["failed_restart"].counts == "open"


def test_what_is_neither_yes_nor_no_is_said_in_words() -> None:
    for purpose in PURPOSES.values():
        assert (purpose.counts_words is None) == (purpose.counts in ("counts", "does_not_count"))


def test_each_purpose_has_one_plain_sentence() -> None:
    assert all(purpose.words.endswith(".") and purpose.words.count(".") == 1 for purpose in PURPOSES.values())
