"""Small files in one body: each under its SHA-256, one after the other.

Each file is one line, its SHA-256 and its length in bytes, and then its bytes.
"""

import re
from collections.abc import Iterable, Iterator

from fabrica.wire.problems import Malformed

PACK_BYTES_MAX = 4 * 2**20
PACKED_FILE_BYTES_MAX = 256 * 2**10
"""A larger file is uploaded by itself."""
_LINE = re.compile(rb"([0-9a-f]{64}) (0|[1-9][0-9]{0,8})\n")


def head(sha256: str, length: int) -> bytes:
    """Return the line before a file of `length` bytes."""
    return f"{sha256} {length}\n".encode()


def pack(files: Iterable[tuple[str, bytes]]) -> bytes:
    """Return one body of files, each with its SHA-256."""
    return b"".join(part for sha256, content in files for part in (head(sha256, len(content)), content))


def unpack(body: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the files of a body, each with the SHA-256 it is said to have: whoever stores them checks it.

    Raises:
        Malformed: a line is not as it must be, or the body ends inside a file.
    """
    at = 0
    while at < len(body):
        line = _LINE.match(body, at)
        if line is None:
            raise Malformed(
                f"Byte {at} of the body begins no file.",
                remedy="Write a line with the file's SHA-256 and its length in bytes, and then its bytes.",
            )
        end = line.end() + int(line[2])
        if end > len(body):
            raise Malformed(f"The body ends inside the file {line[1].decode()}.", remedy="Send it again.")
        yield line[1].decode(), body[line.end() : end]
        at = end
