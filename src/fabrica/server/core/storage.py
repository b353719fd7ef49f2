"""Content-addressed storage: bytes by their SHA-256, in a folder or an S3 bucket."""

import errno
import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import IO, Any, Protocol

from django.conf import settings

from fabrica.wire.problems import Malformed, NotFound, StorageFull, StorageUnavailable, TooLarge

_PART_BYTES = 1 << 20
_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT})


class Storage(Protocol):
    """Where bytes lie. What is stored under a name never changes: the name is its hash."""

    def has(self, sha256: str) -> bool:
        """Return whether these bytes are here."""

    def store(self, sha256: str, parts: Iterable[bytes], bytes_max: int) -> int:
        """Store bytes under their hash and return how many; storing twice is storing once.

        Raises:
            Malformed: the bytes have another hash; nothing is kept.
            TooLarge: there are more than `bytes_max`; nothing is kept.
            StorageFull: no space is left; nothing is kept.
        """

    def read(self, sha256: str) -> Iterator[bytes]:
        """Yield the bytes in parts.

        Raises:
            NotFound: they are not here.
        """

    def size(self, sha256: str) -> int:
        """Return how many bytes lie under the hash.

        Raises:
            NotFound: none do.
        """


def open_storage() -> Storage:
    """Return the storage that the settings name."""
    where: str = settings.STORAGE
    if where.startswith("s3://"):
        return _bucket(where.removeprefix("s3://"))
    return FolderStorage(Path(where))


@cache
def _bucket(name: str) -> "BucketStorage":
    """Return the one client of a bucket: it takes long to make, and threads may share it."""
    return BucketStorage(name)


class FolderStorage:
    """Bytes in a folder: `ab/cd…`, written beside and renamed, so no half file is ever seen."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def has(self, sha256: str) -> bool:
        return self._path(sha256).exists()

    def store(self, sha256: str, parts: Iterable[bytes], bytes_max: int) -> int:
        path = self._path(sha256)
        if path.exists():  # read and checked all the same: who only knows a hash may not claim what lies under it
            return sum(map(len, checked(parts, sha256, bytes_max)))
        with full_told():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            half = path.with_name(f".{secrets.token_hex(8)}.part")
            try:
                with half.open("xb") as file:
                    count = sum(file.write(part) for part in checked(parts, sha256, bytes_max))
                    file.flush()
                    os.fsync(file.fileno())
                half.rename(path)
            finally:
                half.unlink(missing_ok=True)
        return count

    def read(self, sha256: str) -> Iterator[bytes]:
        try:
            file = self._path(sha256).open("rb")
        except FileNotFoundError:
            raise NotFound(f"Nothing is stored under {sha256}.") from None
        with file:
            while part := file.read(_PART_BYTES):
                yield part

    def size(self, sha256: str) -> int:
        try:
            return self._path(sha256).stat().st_size
        except FileNotFoundError:
            raise NotFound(f"Nothing is stored under {sha256}.") from None

    def _path(self, sha256: str) -> Path:
        return self.folder / _name(sha256)


class BucketStorage:
    """Bytes in an S3 bucket. Address and credentials come from the usual AWS variables."""

    def __init__(self, bucket: str) -> None:
        from boto3.session import Session
        from botocore.config import Config

        self.bucket, _, self.prefix = bucket.partition("/")
        config = Config(s3={"addressing_style": "path"}, request_checksum_calculation="when_required")
        self.client: Any = Session().client("s3", config=config)

    def has(self, sha256: str) -> bool:
        try:
            self.size(sha256)
        except NotFound:
            return False
        return True

    def store(self, sha256: str, parts: Iterable[bytes], bytes_max: int) -> int:
        import tempfile

        with full_told(), tempfile.TemporaryFile() as whole:  # checked here, so that no wrong bytes reach the bucket
            count = sum(whole.write(part) for part in checked(parts, sha256, bytes_max))
            whole.seek(0)
            with self._told(sha256):
                self.client.upload_fileobj(whole, self.bucket, self._key(sha256))
        return count

    def read(self, sha256: str) -> Iterator[bytes]:
        with self._told(sha256):
            body = self.client.get_object(Bucket=self.bucket, Key=self._key(sha256))["Body"]
            yield from body.iter_chunks(_PART_BYTES)

    def size(self, sha256: str) -> int:
        with self._told(sha256):
            return int(self.client.head_object(Bucket=self.bucket, Key=self._key(sha256))["ContentLength"])

    @contextmanager
    def _told(self, sha256: str) -> Iterator[None]:
        """Turn what S3 answers into problems; its own words go to the log of the cause, not to the caller."""
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except ClientError as error:
            if error.response["Error"]["Code"] in ("404", "NoSuchKey"):
                raise NotFound(f"Nothing is stored under {sha256}.") from None
            raise _unavailable() from error
        except (BotoCoreError, Boto3Error) as error:
            raise _unavailable() from error

    def _key(self, sha256: str) -> str:
        return f"{self.prefix}/{_name(sha256)}" if self.prefix else _name(sha256)


def _unavailable() -> StorageUnavailable:
    return StorageUnavailable(
        "The server's storage does not answer, or refuses the server.", remedy="Try later; tell the network's office."
    )


@contextmanager
def full_told() -> Iterator[None]:
    """Turn a full disk, or a used-up quota, into the problem that says so.

    Raises:
        StorageFull: no space is left.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _NO_SPACE:
            raise
        raise StorageFull(
            "The server's storage is full; nothing was stored.", remedy="Try later; tell the network's office."
        ) from error


def _name(sha256: str) -> str:
    """Return `ab/cd…`; anything that is no SHA-256 stops here, so no name leads elsewhere."""
    if len(sha256) != 64 or set(sha256) - set("0123456789abcdef"):
        raise Malformed(f"{sha256!r} is not a SHA-256.", remedy="Give 64 lower-case hexadecimal digits.")
    return f"{sha256[:2]}/{sha256[2:]}"


def checked(parts: Iterable[bytes], sha256: str, bytes_max: int) -> Iterator[bytes]:
    """Pass bytes on while counting and hashing them.

    Raises:
        TooLarge: more than `bytes_max` came.
        Malformed: at the end, the hash is another.
    """
    digest = hashlib.sha256()
    count = 0
    for part in parts:
        count += len(part)
        if count > bytes_max:
            raise TooLarge(f"More than {bytes_max:,} bytes came.", remedy="Send less.", bytes_max=bytes_max)
        digest.update(part)
        yield part
    if digest.hexdigest() != sha256:
        raise Malformed(
            f"The bytes have the SHA-256 {digest.hexdigest()}, not {sha256}: they were damaged or cut off on the way.",
            remedy="Send them again.",
        )


@contextmanager
def spooled(parts: Iterable[bytes], sha256: str, bytes_max: int) -> Iterator[IO[bytes]]:
    """Yield a file of bytes that have the hash they are said to have, at its start; it is gone after the block.

    Raises:
        TooLarge: more than `bytes_max` came.
        Malformed: the hash is another.
        StorageFull: no space is left.
    """
    import tempfile

    with full_told(), tempfile.TemporaryFile(prefix="fabrica-upload-") as file:
        for part in checked(parts, sha256, bytes_max):
            file.write(part)
        file.seek(0)
        yield file


def store_file(file: IO[bytes], sha256: str) -> int:
    """Store a spooled file under its hash and return its length; raises as `Storage.store`."""
    length = file.seek(0, os.SEEK_END)
    file.seek(0)
    open_storage().store(sha256, iter(lambda: file.read(_PART_BYTES), b""), length)
    return length
