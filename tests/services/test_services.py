"""The services that the tests stand on do what they promise."""

import base64
import hashlib
import secrets
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import boto3
import httpx
import psycopg
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.services.kept import first_answer, kept
from tests.services.oidc import REDIRECT_URL, OpenIdProvider
from tests.services.s3 import S3

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def test_a_service_that_dies_at_once_is_told_and_not_waited_for(tmp_path: Path) -> None:
    folder = tmp_path / "service"
    folder.mkdir()
    with kept(["false"], folder=folder) as keeper, pytest.raises(RuntimeError, match="ended before it listened"):
        first_answer(keeper)


def test_postgresql_answers_and_may_create_databases(postgresql_url: str) -> None:
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute("create database another")
        version = connection.execute("show server_version_num").fetchone()
    assert version
    assert int(version[0]) >= 130000


def test_postgresql_refuses_a_wrong_password(postgresql_url: str) -> None:
    before, _, after = postgresql_url.partition("@")
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(f"{before}wrong@{after}")


def test_s3_keeps_an_object_and_refuses_wrong_credentials(s3_server: S3) -> None:
    right, wrong, stranger = (
        _client(s3_server, access_key_id, secret)
        for access_key_id, secret in (
            (s3_server.access_key_id, s3_server.secret_access_key),
            (s3_server.access_key_id, "wrong"),
            ("stranger", s3_server.secret_access_key),
        )
    )
    right.put_object(Bucket=s3_server.bucket, Key="a/b c", Body=b"kept")
    assert right.get_object(Bucket=s3_server.bucket, Key="a/b c")["Body"].read() == b"kept"
    assert [item["Key"] for item in right.list_objects_v2(Bucket=s3_server.bucket, Prefix="a/")["Contents"]] == [
        "a/b c"
    ]
    for refused in (wrong, stranger):
        with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
            refused.get_object(Bucket=s3_server.bucket, Key="a/b c")


def test_s3_honours_a_presigned_address_and_no_other(s3_server: S3) -> None:
    client = _client(s3_server, s3_server.access_key_id, s3_server.secret_access_key)
    client.put_object(Bucket=s3_server.bucket, Key="shared", Body=b"for whoever has the address")
    address = client.generate_presigned_url("get_object", Params={"Bucket": s3_server.bucket, "Key": "shared"})
    assert httpx.get(address).content == b"for whoever has the address"
    assert httpx.get(address.partition("?")[0]).status_code == 403
    assert httpx.get(address.replace("/shared", "/other")).status_code == 403


def _client(server: S3, access_key_id: str, secret: str) -> "S3Client":
    return boto3.client(
        "s3",
        endpoint_url=server.url,
        aws_access_key_id=access_key_id,
        aws_secret_access_key=secret,
        region_name="eu-central-1",
        config=Config(signature_version="s3v4"),
    )


def test_the_openid_provider_offers_pkce_and_the_device_flow(oidc: OpenIdProvider) -> None:
    known = _known(oidc)
    assert known["code_challenge_methods_supported"] == ["S256"]
    answer = httpx.post(
        known["device_authorization_endpoint"],
        data={"client_id": oidc.client_id, "scope": "openid email"},
        auth=(oidc.client_id, oidc.client_secret),
    )
    assert answer.json()["user_code"], answer.text


def test_a_person_signs_in_and_brings_their_claims(oidc: OpenIdProvider) -> None:
    verifier = secrets.token_urlsafe(48)
    answer = _token(oidc, _code(oidc, verifier), verifier)
    token = {"authorization": f"Bearer {answer.json()['access_token']}"}
    claims = httpx.get(_known(oidc)["userinfo_endpoint"], headers=token).json()
    assert claims["email"] == oidc.person["email"]
    assert claims["eduperson_entitlement"] == oidc.person["eduperson_entitlement"]


def test_a_code_is_worth_nothing_without_its_verifier(oidc: OpenIdProvider) -> None:
    refused = _token(oidc, _code(oidc, secrets.token_urlsafe(48)), secrets.token_urlsafe(48))
    assert refused.status_code == 400
    assert refused.json()["error"] == "invalid_grant"


def _known(oidc: OpenIdProvider) -> dict[str, Any]:
    known: dict[str, Any] = httpx.get(f"{oidc.url}/.well-known/openid-configuration").json()
    return known


def _code(oidc: OpenIdProvider, verifier: str) -> str:
    """Go through the provider's pages as a browser does; return the code that it sends back."""
    digest = hashlib.sha256(verifier.encode()).digest()
    asked = {
        "client_id": oidc.client_id,
        "response_type": "code",
        "redirect_uri": REDIRECT_URL,
        "scope": "openid email profile entitlements",
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    address = f"{_known(oidc)['authorization_endpoint']}?{urlencode(asked)}"
    with httpx.Client() as browser:
        while not address.startswith(REDIRECT_URL):
            address = urljoin(oidc.url, browser.get(address).headers["location"])
    return parse_qs(urlsplit(address).query)["code"][0]


def _token(oidc: OpenIdProvider, code: str, verifier: str) -> httpx.Response:
    body = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": REDIRECT_URL,
        "code_verifier": verifier,
    }
    return httpx.post(_known(oidc)["token_endpoint"], data=body, auth=(oidc.client_id, oidc.client_secret))


def test_a_service_ends_when_the_test_run_that_started_it_is_killed(tmp_path: Path) -> None:
    folder = tmp_path / "service"
    folder.mkdir()
    starter = subprocess.Popen(
        [sys.executable, "-c", _START_AND_WAIT, str(folder)], stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
    )
    assert starter.stdout
    assert starter.stdout.readline().strip() == "started"
    starter.kill()
    assert starter.stdout.read() == ""  # the pipe closes only when the service, which holds it too, is gone
    assert not folder.exists() or not list(folder.iterdir())


_START_AND_WAIT = """
import sys, time
from pathlib import Path
from tests.services.kept import first_answer, kept
with kept(["/bin/sh", "-c", "echo started; exec sleep 600"], folder=Path(sys.argv[1])) as keeper:
    print(keeper.stdout.readline().strip(), flush=True)
    time.sleep(600)
"""


def test_a_kept_service_leaves_no_folder(tmp_path: Path) -> None:
    folder = tmp_path / "service"
    folder.mkdir()
    with kept(["sleep", "600"], folder=folder):
        assert folder.exists()
    assert not folder.exists()
