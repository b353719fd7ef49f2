"""Signatures: what holds for the key, kind, question and words it was made for, and for nothing else."""

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.wire import signatures
from fabrica.wire.signatures import SignatureWrong

KEY = signatures.new_private_key()
PUBLIC = signatures.public_key_of(KEY)


@given(st.binary(max_size=200), st.text(max_size=30))
def test_an_answer_holds_for_its_question_and_words_only(content: bytes, nonce: str) -> None:
    signature = signatures.sign_answer(content, nonce=nonce, private_key=KEY)
    signatures.check_answer(content, signature, nonce=nonce, public_key=PUBLIC)
    for other, asked in ((content + b"x", nonce), (content, nonce + "x")):
        with pytest.raises(SignatureWrong):
            signatures.check_answer(other, signature, nonce=asked, public_key=PUBLIC)


@given(st.text(max_size=60))
def test_what_nobody_signed_is_refused(text: str) -> None:
    with pytest.raises(SignatureWrong):
        signatures.signed_claims("fabrica-assertion+jwt", text, PUBLIC)
    with pytest.raises(SignatureWrong):
        signatures.claims_unchecked(text)


def test_a_signature_of_another_key_or_kind_is_refused() -> None:
    signed = signatures.sign("fabrica-assertion+jwt", {"sub": "agent"}, KEY)
    assert signatures.signed_claims("fabrica-assertion+jwt", signed, PUBLIC) == {"sub": "agent"}
    with pytest.raises(SignatureWrong, match="fabrica-answer"):
        signatures.signed_claims("fabrica-answer+jwt", signed, PUBLIC)
    with pytest.raises(SignatureWrong):
        signatures.signed_claims(
            "fabrica-assertion+jwt", signed, signatures.public_key_of(signatures.new_private_key())
        )


@pytest.mark.parametrize(("algorithm", "key"), [("none", ""), ("HS256", PUBLIC)], ids=["none", "HS256"])
def test_a_weaker_algorithm_is_refused(algorithm: str, key: str) -> None:
    forged = jwt.encode({"sub": "agent"}, key, algorithm=algorithm, headers={"typ": "fabrica-assertion+jwt"})
    with pytest.raises(SignatureWrong):
        signatures.signed_claims("fabrica-assertion+jwt", forged, PUBLIC)


def test_the_thumbprint_is_that_of_the_standard() -> None:
    """Source: RFC 8037, appendix A.3."""
    assert (
        signatures.thumbprint("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
        == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    )


@given(st.text(max_size=60))
def test_a_public_key_has_one_form(text: str) -> None:
    for wrong in (text, PUBLIC + "=", PUBLIC[:-1], f" {PUBLIC}"):
        with pytest.raises(SignatureWrong):
            signatures.check_public_key(wrong)
    signatures.check_public_key(PUBLIC)


def test_a_derived_key_is_the_same_for_the_same_secret_and_purpose_only() -> None:
    keys = {signatures.derived_private_key(*words) for words in (("a", "b"), ("a", "b"), ("a", "c"), ("b", "b"))}
    assert len(keys) == 3


@pytest.mark.parametrize("text", ["", "no key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_what_is_no_private_key_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(SignatureWrong) as refused:
        signatures.public_key_of(text)
    assert "AAAA" not in str(refused.value)
