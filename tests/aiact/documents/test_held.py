"""What is missing is told in words, with where it would be held."""

import pytest

from fabrica.aiact.documents.held import lack_words


@pytest.mark.parametrize(
    ("lack", "words"),
    [
        ("model.arch", "Architecture [model.arch, model registry]"),
        ("data.id.size_tokens of a", "Datasets: Tokens of a [data.id.size_tokens, data lab]"),
        ("doc:annex_v", "An issued document: EU declaration of conformity"),
        ("run.time (no run counts)", "Training time (no run counts) [run.time, job accounting]"),
        ("something else", "Something else"),
    ],
)
def test_a_lack_reads_as_words(lack: str, words: str) -> None:
    assert lack_words(lack) == words


def test_either_of_two_is_told_with_both() -> None:
    words = lack_words("run.flop_arch or run.flop_hw")
    assert "[run.flop_arch, training records] or Compute from hardware" in words
