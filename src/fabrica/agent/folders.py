"""Where an agent keeps things on the site's disk."""

import os
import shutil
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from fabrica.agent.failures import masked
from fabrica.values.ids import AttemptId


@dataclass(frozen=True, slots=True)
class AttemptFolder:
    """The folder of one attempt, as the engine contract lays it out."""

    root: Path

    @property
    def work(self) -> Path:
        return self.root / "work"

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def record(self) -> Path:
        return self.root / "record"

    @property
    def temporary(self) -> Path:
        return self.root / "tmp"

    @property
    def log(self) -> Path:
        return self.root / "log"

    @property
    def image(self) -> Path:
        """The image from a registry that the attempt's command runs in."""
        return self.root / "image.sif"

    @property
    def attached(self) -> Path:
        """The two files through which an interactive run and the agent speak."""
        return self.root / "attached"

    @property
    def pin(self) -> Path:
        """Names the environment that the attempt uses."""
        return self.root / "environment"

    def prepare(self) -> None:
        """Make the folders afresh; only the log, which has been told already, stays."""
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        remove(self.image)
        for part in (self.work, self.data, self.record, self.temporary):
            remove(part)
            part.mkdir()

    def say(self, words: str) -> None:
        """Append one line of the agent's own to the run's log, without the passwords of addresses."""
        with self.log.open("ab") as log:
            log.write(f"[fabrica] {masked(words)}\n".encode())


@dataclass(frozen=True, slots=True)
class SiteFolder:
    """The agent's own folder: journal, attempts, caches."""

    root: Path

    @property
    def journal(self) -> Path:
        return self.root / "journal.sqlite3"

    @property
    def lock(self) -> Path:
        return self.root / "agent.lock"

    @property
    def attempts(self) -> Path:
        return self.root / "attempts"

    @property
    def cache(self) -> Path:
        return self.root / "cache"

    @property
    def environments(self) -> Path:
        return self.root / "environments"

    @property
    def engine(self) -> Path:
        return self.root / "engine"

    @property
    def waits(self) -> Path:
        return self.root / "waits.jsonl"

    @property
    def outside(self) -> Path:
        return self.root / "outside.sqlite3"

    def attempt(self, attempt: AttemptId) -> AttemptFolder:
        return AttemptFolder(self.attempts / attempt)

    def prepare(self) -> None:
        """Make what is missing; nobody else may look in."""
        for part in (self.root, self.attempts, self.cache, self.environments, self.engine):
            part.mkdir(parents=True, exist_ok=True, mode=0o700)


def remove(path: Path) -> bool:
    """Remove a file or a whole folder, also one that a run made read-only; say whether it is gone."""
    if path.is_symlink() or path.is_file():
        path.unlink(missing_ok=True)
        return True
    if not path.exists():
        return True
    for parent, folders, _ in os.walk(path):
        for folder in (Path(parent), *(Path(parent) / name for name in folders)):
            if not folder.is_symlink():
                with suppress(PermissionError):  # of another account: it has let us in, or nothing does
                    folder.chmod(stat.S_IRWXU)  # a run may have locked its own folders against us
    shutil.rmtree(path, ignore_errors=True)
    return not path.exists()
