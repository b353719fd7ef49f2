"""A ZIP archive from outside, read member by member within bounds that hold while it is unpacked."""

import struct
import sys
import zipfile
import zlib
from collections import Counter
from typing import IO, Any

from fabrica.wire.evaluations import EvaluationRefused, LogReaderMissing

MEMBER_BYTES_MAX = 16 * 2**20
"""Bytes of one member that is read, packed and unpacked."""

TOTAL_BYTES_MAX = 4 * MEMBER_BYTES_MAX
"""Bytes of all members that are read, unpacked."""

_DIRECTORY_BYTES_MAX = 16 * 2**20  # the list of some 200,000 samples; a longer one would fill the memory
_ZSTANDARD = 93  # method 93 of the ZIP format: what Inspect AI writes today
_LOCAL_HEADER = struct.Struct("<4s22xHH")  # its sign; what the directory tells too; the lengths of name and extra field
_ENCRYPTED = 1
_RAW_DEFLATE = -15
_REMEDY = "Copy it again from where it was written."


class Archive:
    """The members of a ZIP archive; each is unpacked only when it is asked for.

    Raises:
        EvaluationRefused: it is cut off or damaged, or names a member twice.
    """

    def __init__(self, file: IO[bytes]) -> None:
        try:  # NotImplementedError and struct.error are how zipfile tells of a version it cannot read and of cut tables
            found = [one for one in zipfile.ZipFile(_bounded(file)).infolist() if not one.is_dir()]
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error):
            raise EvaluationRefused("The archive is cut off or damaged.", remedy=_REMEDY) from None
        twice = [name for name, count in Counter(one.filename for one in found).items() if count > 1]
        if twice:
            raise EvaluationRefused(f"The archive holds {twice[0][:80]!r} twice.", remedy=_REMEDY)
        self._file = file
        self._members = {one.filename: one for one in found}
        self._left = TOTAL_BYTES_MAX
        self.names = tuple(self._members)

    def enter(self, holding: str) -> None:
        """Go into the one folder at the top that holds a member of this name, where the top itself does not.

        Who packs a folder by hand packs it with its own name.
        """
        found = [one for one in self.names if one.count("/") == 1 and one.endswith(f"/{holding}")]
        if holding in self.names or len(found) != 1:
            return
        folder = found[0].removesuffix(holding)
        self._members = {
            name.removeprefix(folder): one for name, one in self._members.items() if name.startswith(folder)
        }
        self.names = tuple(self._members)

    def read(self, name: str) -> bytes:
        """Return a member, unpacked and checked against its sum.

        Raises:
            EvaluationRefused: it is not there, damaged, encrypted, or makes more bytes than a member or all may have.
            LogReaderMissing: what unpacks it is not installed.
        """
        if name not in self._members:
            raise EvaluationRefused(f"The archive holds no {name}.", remedy=_REMEDY)
        member = self._members[name]
        if member.flag_bits & _ENCRYPTED:
            raise EvaluationRefused(f"{name} in the archive is encrypted.", remedy="Give the log as it was written.")
        content = _unpacked(self._packed(member), member)
        self._left -= len(content)
        if len(content) > MEMBER_BYTES_MAX or self._left < 0:
            raise _too_large(name)
        if zlib.crc32(content) != member.CRC:
            raise _damaged(name)
        return content

    def _packed(self, member: zipfile.ZipInfo) -> bytes:
        if member.compress_size > MEMBER_BYTES_MAX:
            raise _too_large(member.filename)
        if member.header_offset < 0:  # a damaged directory may point before the file's begin
            raise _damaged(member.filename)
        self._file.seek(member.header_offset)
        header = self._file.read(_LOCAL_HEADER.size)
        if len(header) < _LOCAL_HEADER.size or not header.startswith(b"PK\x03\x04"):
            raise _damaged(member.filename)
        _, name_bytes, extra_bytes = _LOCAL_HEADER.unpack(header)
        self._file.seek(name_bytes + extra_bytes, 1)
        return self._file.read(member.compress_size)


class _Bounded:
    """A file of which no single piece larger than a ZIP directory may be is read at once."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.seek, self.tell = file.seek, file.tell

    def read(self, count: int = -1) -> bytes:
        wanted = min(count, _DIRECTORY_BYTES_MAX + 1) if count >= 0 else _DIRECTORY_BYTES_MAX + 1
        content = self._file.read(wanted)
        if len(content) > _DIRECTORY_BYTES_MAX:
            raise EvaluationRefused("The archive lists more members than any log has.", remedy=_REMEDY)
        return content


def _bounded(file: IO[bytes]) -> IO[bytes]:
    return _Bounded(file)  # type: ignore[return-value]  # the methods that reading a directory calls


def _unpacked(packed: bytes, member: zipfile.ZipInfo) -> bytes:
    """Return up to one byte more than a member may have: what it says of its size may be a lie."""
    if member.compress_type == zipfile.ZIP_STORED:
        return packed
    unpacker: Any
    if member.compress_type == zipfile.ZIP_DEFLATED:
        unpacker = zlib.decompressobj(_RAW_DEFLATE)
        wrong: type[Exception] = zlib.error
    elif member.compress_type == _ZSTANDARD:
        zstd = _zstandard()
        unpacker, wrong = zstd.ZstdDecompressor(), zstd.ZstdError
    else:
        raise EvaluationRefused(
            f"{member.filename} is compressed in a way that no log is (method {member.compress_type}).", remedy=_REMEDY
        )
    try:
        content: bytes = unpacker.decompress(packed, MEMBER_BYTES_MAX + 1)
    except wrong:
        raise _damaged(member.filename) from None
    if not unpacker.eof and len(content) <= MEMBER_BYTES_MAX:
        raise _damaged(member.filename)
    return content


def _zstandard() -> Any:
    """Return Python's own module, which it has since 3.14, or its backport."""
    try:
        if sys.version_info >= (3, 14):
            from compression import zstd
        else:
            from backports import zstd  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        raise LogReaderMissing(
            "This log is compressed with Zstandard, for which the package backports.zstd is not installed.",
            remedy="Install it, or write it anew: 'inspect log convert --to json --output-dir DIR LOG'.",
        ) from None
    return zstd


def _damaged(name: str) -> EvaluationRefused:
    return EvaluationRefused(f"{name[:80]} in the archive is cut off or damaged.", remedy=_REMEDY)


def _too_large(name: str) -> EvaluationRefused:
    return EvaluationRefused(
        f"{name[:80]} in the archive unpacks to more bytes than any log's header has.",
        remedy="Look at what wrote this file.",
    )
