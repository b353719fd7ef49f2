"""What the server, a site's agent and an evaluator sign: JSON web tokens with Ed25519 keys (RFC 7519, RFC 8037).

Each kind of message has its own `typ` (RFC 8725, section 3.11), so that one is never taken for another. A public key is
written as in a JSON web key: 32 bytes in base64url.
"""

import base64
import functools
import hashlib
import json
import secrets
from collections.abc import Mapping
from typing import Any, Literal

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

Kind = Literal[
    "fabrica-key-proof+jwt",
    "fabrica-assertion+jwt",
    "fabrica-answer+jwt",
    "fabrica-evaluator+jwt",
    "fabrica-report+jwt",
]
NONCE_HEADER = "Fabrica-Nonce"
SIGNATURE_HEADER = "Fabrica-Signature"
_ALGORITHM = "EdDSA"
_KEY_BYTES = 32
_NOT_CHECKED_HERE = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False}


class SignatureWrong(ValueError):
    """What was signed does not hold: another key, another kind, or altered words."""


def new_private_key() -> str:
    """Draw a key pair; return its private half as PEM (PKCS 8), not encrypted."""
    return _pem(Ed25519PrivateKey.generate())


def derived_private_key(secret: str, purpose: str) -> str:
    """Return the private key that belongs to a secret of full entropy and a purpose, as PEM."""
    seed = HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=purpose.encode()).derive(secret.encode())
    return _pem(Ed25519PrivateKey.from_private_bytes(seed))


def _pem(key: Ed25519PrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")


def public_key_of(private_key: str) -> str:
    """Return the public half of a private key.

    Raises:
        SignatureWrong: it is no Ed25519 private key.
    """
    return _encoded(_private(private_key).public_key().public_bytes_raw())


def thumbprint(public_key: str) -> str:
    """Return what a public key is known by (RFC 7638)."""
    key = json.dumps({"crv": "Ed25519", "kty": "OKP", "x": public_key}, separators=(",", ":"))
    return _encoded(hashlib.sha256(key.encode()).digest())


def check_public_key(public_key: str) -> None:
    """Accept an Ed25519 public key.

    Raises:
        SignatureWrong: it is none.
    """
    _public(public_key)


def new_nonce() -> str:
    """Draw what makes one question unlike every other."""
    return secrets.token_urlsafe(16)


def sign(kind: Kind, claims: Mapping[str, Any], private_key: str) -> str:
    """Return the claims, signed."""
    return jwt.encode(dict(claims), _private(private_key), algorithm=_ALGORITHM, headers={"typ": kind})


def signed_claims(kind: Kind, token: str, public_key: str) -> dict[str, Any]:
    """Return what was signed. Times, audience and nonce are the reader's to judge.

    Raises:
        SignatureWrong: it is damaged, of another kind, or of another key.
    """
    try:
        read = jwt.decode_complete(token, _public(public_key), algorithms=[_ALGORITHM], options=_NOT_CHECKED_HERE)  # type: ignore[arg-type]  # PyJWT's type for options asks for every key
    except jwt.PyJWTError as trouble:
        raise SignatureWrong(f"the signature does not hold ({type(trouble).__name__})") from trouble
    if read["header"].get("typ") != kind:
        raise SignatureWrong(f"this is no {kind}")
    claims: dict[str, Any] = read["payload"]
    return claims


def claims_unchecked(token: str) -> dict[str, Any]:
    """Return what a token claims, to find the key that must have signed it. Believe none of it.

    Raises:
        SignatureWrong: it is no token.
    """
    try:
        claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    except jwt.PyJWTError as trouble:
        raise SignatureWrong(f"it cannot be read ({type(trouble).__name__})") from trouble
    return claims


def check_key_proof(public_key: str, proof: str, *, nonce: str) -> None:
    """Accept a public key whose private half signed `nonce`.

    Raises:
        SignatureWrong: it is no Ed25519 key, or something else was signed.
    """
    claims = signed_claims("fabrica-key-proof+jwt", proof, public_key)
    if not secrets.compare_digest(str(claims.get("nonce")).encode(), nonce.encode()):
        raise SignatureWrong("the proof is of something else")


def sign_answer(content: bytes, *, nonce: str, private_key: str) -> str:
    """Return the server's signature over an answer to the question that carried `nonce`."""
    return sign("fabrica-answer+jwt", {"nonce": nonce, "sha256": _sha256(content)}, private_key)


def check_answer(content: bytes, signature: str, *, nonce: str, public_key: str) -> None:
    """Accept an answer that the holder of the key gave to this very question.

    Raises:
        SignatureWrong: it was altered on the way, answers another question, or somebody else gave it.
    """
    claims = signed_claims("fabrica-answer+jwt", signature, public_key)
    if not secrets.compare_digest(str(claims.get("nonce")).encode(), nonce.encode()):
        raise SignatureWrong("it answers another question")
    if not secrets.compare_digest(str(claims.get("sha256")).encode(), _sha256(content).encode()):
        raise SignatureWrong("it was altered on the way")


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii")


@functools.lru_cache(maxsize=64)
def _private(pem: str) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError) as trouble:
        raise SignatureWrong("this is no private key in PEM") from trouble
    if not isinstance(key, Ed25519PrivateKey):
        raise SignatureWrong("this is no Ed25519 key")
    return key


@functools.lru_cache(maxsize=1024)
def _public(text: str) -> Ed25519PublicKey:
    try:
        content = base64.b64decode(text.encode("ascii") + b"=", altchars=b"-_", validate=True)
        if len(content) != _KEY_BYTES or _encoded(content) != text:
            raise ValueError(text)
        return Ed25519PublicKey.from_public_bytes(content)
    except ValueError as trouble:
        raise SignatureWrong("this is no Ed25519 public key: 32 bytes in base64url") from trouble
