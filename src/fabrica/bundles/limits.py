"""How large a bundle may be."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The most a bundle may hold. The bytes are those of the files, without the tar's own."""

    bytes_max: int
    files_max: int
    path_characters_max: int = 300

    @property
    def archive_bytes_max(self) -> int:
        """The largest tar file that can keep these limits: headers and padding take at most 4 KiB a file."""
        return self.bytes_max + 4096 * self.files_max + 10_240


SOURCE = Limits(bytes_max=100 * 2**20, files_max=10_000)
