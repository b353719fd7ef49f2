"""A real S3 server on a free port that refuses wrong credentials."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.services.kept import first_answer, kept
from tests.services.node import node_command


@dataclass(frozen=True, slots=True)
class S3:
    """Where the server listens, the one bucket it has, and the one key pair it knows."""

    url: str
    bucket: str
    access_key_id: str
    secret_access_key: str

    def environment(self) -> dict[str, str]:
        """Return the usual AWS variables that lead a client here."""
        return {
            "AWS_ENDPOINT_URL_S3": self.url,
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
            "AWS_DEFAULT_REGION": "eu-central-1",
        }


@contextlib.contextmanager
def s3(bucket: str = "fabrica") -> Iterator[S3]:
    """Yield a server with one empty bucket."""
    folder = Path(tempfile.mkdtemp(prefix="fabrica-s3-"))
    command = node_command("s3.mjs", str(folder), bucket)
    with kept(command, folder=folder, environment=dict(os.environ)) as keeper:
        port = first_answer(keeper)["port"]
        # the one key pair that s3rver is built with
        yield S3(f"http://127.0.0.1:{port}", bucket, access_key_id="S3RVER", secret_access_key="S3RVER")
