"""A model's file is read strictly: a mistake is named with its line and what would be right."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.planning.training.model_file import parse_tokens, read_training
from fabrica.wire.training import ModelRefused
from tests.planning.training.questions import EXAMPLES

SHAPES = """name = "m"
layers = 32
hidden = 4096
ffn = 14336
heads = 32
kv_heads = 8
vocab = 128256
seq_len = 8192
"""


def write(folder: Path, text: str) -> Path:
    file = folder / "model.toml"
    file.write_text(text)
    return file


@pytest.mark.parametrize("name", ["euro-70b", "euro-moe"])
def test_the_examples_are_read(name: str) -> None:
    found = read_training(EXAMPLES / f"{name}.toml")
    assert found.model.name == name
    assert found.tokens


def test_latent_attention_experts_and_windows_are_read(tmp_path: Path) -> None:
    more = "[moe]\nexperts = 64\ntop_k = 6\nexpert_ffn = 1024\nshared_experts = 2\ndense_layers = 1\n"
    more += "[latent_attention]\nquery_rank = 1024\n[window]\ntokens = 512\nshare = 0.5\n"
    model = read_training(write(tmp_path, SHAPES + more)).model
    assert model.experts is not None
    assert model.latent is not None
    assert model.window is not None
    assert (model.experts.shared, model.expert_layers, model.latent.query_rank, model.window.share) == (
        2,
        31,
        1024,
        0.5,
    )


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("layers", "layer", 2, "Did you mean 'layers'"),
        ("layers = 32", "layers = 32.5", 2, "whole number"),
        ("layers = 32", "layers = -1", 2, "whole number"),
        ("layers = 32", "layers = true", 2, "whole number"),
        ("heads = 32\n", "heads = 30\n", 5, "divide"),
        ("kv_heads = 8", "kv_heads = 5", 6, "divide"),
        ("vocab = 128256\n", "", None, "missing"),
        ('name = "m"', "params_b = 70.0", 1, "billion parameters"),
        ('name = "m"', "params_b = 8e9", 1, "Write 8."),
        ("seq_len = 8192\n", 'seq_len = 8192\n[training]\ntokens = "1.2.3T"\n', 10, "is no number of tokens"),
        ("seq_len = 8192\n", "seq_len = 8192\n[moe]\nexperts = 4\ntop_k = 5\nexpert_ffn = 9\n", 11, "from 1 to 4"),
        ("seq_len = 8192\n", "seq_len = 8192\n[training]\ntoken = 5\n", 10, "Did you mean 'tokens'"),
        ("seq_len = 8192\n", 'seq_len = 8192\n[training]\ntokens = "15 GB"\n', 10, "15T"),
        ("seq_len = 8192\n", 'seq_len = 8192\n[training]\nprecision = "int8"\n', 10, "bf16"),
        ("seq_len = 8192\n", 'seq_len = 8192\nmoe = "yes"\n', 9, "table"),
        ("seq_len = 8192\n", "seq_len = 8192\n[window]\ntokens = 5\nshare = 2\n", 11, "0 to 1"),
        ('name = "m"', "name = 5", 1, "in quotes"),
        ('name = "m"', 'name = " "', 1, "in quotes"),
        ('name = "m"', 'params_b = "8B"', 1, "number of billions"),
        ('name = "m"', "params_b = nan", 1, "number of billions"),
        ('name = "m"', "active_params_b = 3", 1, "7.5 billion active parameters"),
        ("layers = 32\nhidden = 4096\n", "", None, "'layers', 'hidden' are missing"),
        ("seq_len = 8192\n", 'seq_len = 8192\nprecision = "fp8"\n', 9, "below [training]"),
        ("seq_len = 8192\n", 'seq_len = 8192\ntokens = "15T"\n', 9, "below [window] or below [training]"),
        ("seq_len = 8192\n", 'seq_len = 8192\n[window]\ntokens = 4\n[training]\ntokens = "x"\n', 12, "15T"),
        ("seq_len = 8192\n", "seq_len = 8192\n[training]\nkv_heads = 8\n", 10, "above the first table"),
        ("gated", "gated", None, ""),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, old: str, new: str, line: int | None, words: str) -> None:
    if old == "gated":
        new = old = 'name = "m"'
        text = SHAPES + 'gated_mlp = "yes"\n'
        line, words = 9, "true or false"
    else:
        text = SHAPES.replace(old, new, 1)
    with pytest.raises(ModelRefused) as refused:
        read_training(write(tmp_path, text))
    assert words in str(refused.value)
    assert refused.value.facts.get("line") == line


@pytest.mark.parametrize("text", ["= 5", "a = \x00", "[" * 3000])
def test_a_file_that_is_no_toml_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ModelRefused):
        read_training(write(tmp_path, text))


def test_a_file_that_is_not_there_or_not_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelRefused):
        read_training(tmp_path / "none.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ModelRefused, match="UTF-8"):
        read_training(tmp_path / "bytes.toml")


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("15T", 15e12),
        ("15 trillion", 15e12),
        ("9 Billion tokens", 9e9),
        ("300 B", 300e9),
        ("4.5e12", 4.5e12),
        ("1_000M", 1e9),
        (5_000_000, 5e6),
        ("2t", 2e12),
    ],
)
def test_tokens_are_read_as_people_write_them(text: str | float, tokens: float) -> None:
    assert parse_tokens(text) == tokens


def test_a_precision_is_read_in_large_letters_too(tmp_path: Path) -> None:
    text = SHAPES + '[training]\nprecision = "FP8"\n'
    assert read_training(write(tmp_path, text)).precision == "fp8"


def test_active_parameters_may_count_embeddings_or_not(tmp_path: Path) -> None:
    for count in (7.5, 8.03):
        assert read_training(write(tmp_path, f"active_params_b = {count}\n" + SHAPES)).model.name == "m"


@given(st.text(max_size=12))
def test_any_text_is_a_number_of_tokens_or_refused(text: str) -> None:
    try:
        assert 1 <= parse_tokens(text) < 1e18
    except ValueError as refused:
        if "write one" not in str(refused):
            raise
