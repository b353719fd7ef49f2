"""Bytes lie under their own hash: whole, checked, bounded; in a folder or on a real S3 server."""

import errno
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fabrica.server.core.storage import BucketStorage, FolderStorage, Storage, open_storage, spooled, store_file
from fabrica.wire.problems import FabricaError, Malformed, NotFound, StorageFull, StorageUnavailable, TooLarge
from tests.services.s3 import S3

CONTENT = b"bytes of a file " * 100
SHA256 = hashlib.sha256(CONTENT).hexdigest()
NAMES = ["../../etc/passwd", "", "A" * 64, "0" * 63, "0" * 63 + "\n", "/" * 64, "é" * 64]


@pytest.fixture(params=["folder", pytest.param("bucket", marks=pytest.mark.processes)])
def storage(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Storage:
    if request.param == "folder":
        return FolderStorage(tmp_path / "storage")
    return bucket(request.getfixturevalue("s3_server"), monkeypatch, prefix=tmp_path.name)


def bucket(server: S3, monkeypatch: pytest.MonkeyPatch, *, prefix: str, **changes: str) -> BucketStorage:
    variables = {
        "AWS_ENDPOINT_URL": server.url,
        "AWS_ACCESS_KEY_ID": server.access_key_id,
        "AWS_SECRET_ACCESS_KEY": server.secret_access_key,
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_MAX_ATTEMPTS": "1",
    }
    for name, value in (variables | changes).items():
        monkeypatch.setenv(name, value)
    return BucketStorage(f"{server.bucket}/{prefix}")


def parts(content: bytes = CONTENT) -> Iterator[bytes]:
    for start in range(0, len(content), 7):
        yield content[start : start + 7]


def test_what_is_stored_is_read_again(storage: Storage) -> None:
    assert not storage.has(SHA256)
    assert storage.store(SHA256, parts(), len(CONTENT)) == len(CONTENT)
    assert storage.has(SHA256)
    assert storage.size(SHA256) == len(CONTENT)
    assert b"".join(storage.read(SHA256)) == CONTENT


def test_storing_twice_is_storing_once(storage: Storage) -> None:
    assert [storage.store(SHA256, parts(), len(CONTENT)) for _ in range(2)] == [len(CONTENT)] * 2


@pytest.mark.parametrize("content", [CONTENT[:-1], CONTENT + b"!", b""], ids=["cut off", "longer", "nothing"])
def test_bytes_with_another_hash_are_not_kept(storage: Storage, content: bytes) -> None:
    with pytest.raises(Malformed, match="damaged or cut off"):
        storage.store(SHA256, parts(content), 10**6)
    assert not storage.has(SHA256)


def test_who_only_knows_a_hash_cannot_claim_the_bytes(storage: Storage) -> None:
    storage.store(SHA256, [CONTENT], len(CONTENT))
    with pytest.raises(Malformed):
        storage.store(SHA256, [b"something else"], len(CONTENT))
    assert b"".join(storage.read(SHA256)) == CONTENT


def test_more_bytes_than_allowed_are_not_kept(storage: Storage) -> None:
    with pytest.raises(TooLarge):
        storage.store(SHA256, parts(), len(CONTENT) - 1)
    assert not storage.has(SHA256)


def test_a_connection_that_breaks_leaves_nothing(storage: Storage) -> None:
    def broken() -> Iterator[bytes]:
        yield CONTENT[:10]
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        storage.store(SHA256, broken(), 10**6)
    assert not storage.has(SHA256)


def test_what_is_not_there_is_not_found(storage: Storage) -> None:
    for ask in (storage.size, lambda sha256: list(storage.read(sha256))):
        with pytest.raises(NotFound):
            ask(SHA256)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_is_no_hash_leads_nowhere(storage: Storage, name: str) -> None:
    for ask in (storage.has, storage.size, lambda sha256: list(storage.read(sha256))):
        with pytest.raises(Malformed, match="not a SHA-256"):
            ask(name)
    with pytest.raises(Malformed):
        storage.store(name, [b""], 1)


def test_no_half_file_stays_in_the_folder(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path)
    for content, bytes_max in ((CONTENT[:-1], 10**6), (CONTENT, 5)):
        with pytest.raises(FabricaError):
            storage.store(SHA256, parts(content), bytes_max)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def full(descriptor: int) -> None:
        raise OSError(number, "no space")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StorageFull, match="nothing was stored"):
        FolderStorage(tmp_path).store(SHA256, parts(), 10**6)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_another_trouble_of_the_disk_is_not_called_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(descriptor: int) -> None:
        raise OSError(errno.EIO, "input/output error")

    monkeypatch.setattr("os.fsync", broken)
    with pytest.raises(OSError, match="input/output error"):
        FolderStorage(tmp_path).store(SHA256, parts(), 10**6)


@pytest.mark.parametrize("wrong", [{"AWS_SECRET_ACCESS_KEY": "wrong"}, {"AWS_ACCESS_KEY_ID": "stranger"}])
def test_wrong_credentials_are_refused_and_not_told_to_the_caller(
    s3_server: S3, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, str]
) -> None:
    storage = bucket(s3_server, monkeypatch, prefix="wrong", **wrong)
    asks: list[Any] = [lambda: storage.store(SHA256, parts(), 10**6), lambda: list(storage.read(SHA256))]
    for ask in asks:
        with pytest.raises(StorageUnavailable) as refused:
            ask()
        assert "wrong" not in str(refused.value)
        assert "stranger" not in str(refused.value)


def test_a_bucket_that_does_not_answer_is_told(s3_server: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = bucket(s3_server, monkeypatch, prefix="away", AWS_ENDPOINT_URL="http://127.0.0.1:9")
    with pytest.raises(StorageUnavailable):
        storage.has(SHA256)


def test_the_settings_choose_the_storage(settings: Any, s3_server: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket(s3_server, monkeypatch, prefix="x")
    settings.STORAGE = f"s3://{s3_server.bucket}/some/prefix"
    chosen = open_storage()
    assert isinstance(chosen, BucketStorage)
    assert (chosen.bucket, chosen.prefix) == (s3_server.bucket, "some/prefix")
    settings.STORAGE = "/tmp/folder"
    assert isinstance(open_storage(), FolderStorage)


def test_a_spooled_file_has_the_hash_it_is_said_to_have_even_where_storage_holds_it() -> None:
    content = b"somebody else's file"
    sha256 = hashlib.sha256(content).hexdigest()
    with spooled([content[:5], content[5:]], sha256, 100) as file:
        assert store_file(file, sha256) == len(content)
    assert b"".join(open_storage().read(sha256)) == content
    with pytest.raises(Malformed), spooled([b"who only knows its hash"], sha256, 100):
        pass
    with pytest.raises(TooLarge), spooled([content], sha256, 5):
        pass
