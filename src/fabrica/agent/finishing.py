"""Closes an attempt: the last of its log, its outputs, its record sealed, all of it uploaded, its end told."""

import hashlib
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from fabrica.agent.checkpoints import checkpoint_of
from fabrica.agent.entries import Ending, Entry, event_of
from fabrica.agent.failures import AttemptFailed, Interrupted
from fabrica.agent.folders import AttemptFolder, SiteFolder
from fabrica.agent.journal import Journal
from fabrica.agent.outputs import clear_record, collect_outputs
from fabrica.agent.records import write_record
from fabrica.agent.settings import AgentSettings
from fabrica.agent.tails import MetricsTail, next_log_piece
from fabrica.agent.transport import Transport
from fabrica.record import folder as record_files
from fabrica.record.seal import seal
from fabrica.values.states import ENDS, AttemptState, EndReason
from fabrica.wire.agents import AgentSettingsRefused
from fabrica.wire.blobs import PACK_BYTES_MAX, PACKED_FILE_BYTES_MAX, head
from fabrica.wire.problems import FabricaError
from fabrica.wire.runs import Artifact

_ARTIFACTS_PER_EVENT = 200
_log = logging.getLogger("fabrica.agent")


@dataclass(frozen=True, slots=True)
class Finish:
    """What closing an attempt needs. Each step may be cut off and done again."""

    site: SiteFolder
    settings: AgentSettings
    journal: Journal
    transport: Transport
    interrupted: Callable[[], bool]
    clock: Callable[[], datetime]

    def close(self, entry: Entry) -> None:
        """Bring an attempt whose command is over to its end.

        Raises:
            ServerUnreachable: the uploads are not all there yet; try again later.
            Interrupted: `interrupted` came true.
            OSError: the disk is full or broken; try again later.
        """
        assert entry.ending is not None
        folder = self.site.attempt(entry.attempt)
        folder.root.mkdir(parents=True, exist_ok=True)
        ending, artifacts = entry.ending, entry.artifacts
        if artifacts is None:
            ending, artifacts = self._gather(entry, entry.ending, folder)
            self.journal.write(entry.attempt, ending=ending.model_dump_json(), artifacts=artifacts)
        self._tell_rest(entry, folder)
        alone = self._upload_together(artifacts, folder)
        refusals = {artifact: words for artifact in alone if (words := self._upload(artifact, folder))}
        words = " ".join((ending.words or ENDS[ending.reason].words, *refusals.values()))
        sent = tuple(artifact for artifact in artifacts if artifact not in refusals)
        self._tell_end(entry, ending.model_copy(update={"words": words}), sent)

    def _gather(self, entry: Entry, ending: Ending, folder: AttemptFolder) -> tuple[Ending, tuple[Artifact, ...]]:
        """Collect outputs and seal the record. Until the journal holds the result, it is done from the start again."""
        outputs: tuple[Artifact, ...] = ()
        try:
            collected = collect_outputs(
                folder.work,
                entry.order.outputs,
                bytes_max=self.settings.outputs_bytes_max,
                files_max=self.settings.outputs_files_max,
            )
            outputs = collected.artifacts
            if collected.missing and ending.reason is EndReason.COMPLETED:
                folder.say(f"Declared but not written: {', '.join(collected.missing)}.")
        except AttemptFailed as failure:
            folder.say(failure.words)
            if ending.reason is EndReason.COMPLETED:
                ending = ending.model_copy(update={"reason": failure.reason, "words": failure.words})
        saved = checkpoint_of(entry.order, ending.reason, folder, self.settings)
        if words := clear_record(folder.record, bytes_max=self.settings.outputs_bytes_max):
            folder.say(words)
        notes = self.journal.notes(entry.attempt)
        write_record(entry, ending, outputs, folder, notes=notes, engine=self.settings.engine)
        sealed = seal(folder.record, now=self.clock())
        files = [Artifact(path=file.path, sha256=file.sha256, bytes=file.bytes, kind="record") for file in sealed.files]
        seal_file = _artifact_of(folder.record / record_files.SEAL)
        return ending, (*outputs, *saved, *files, seal_file)

    def _tell_rest(self, entry: Entry, folder: AttemptFolder) -> None:
        """Spool what is left of log and metrics."""
        read, told = entry.log_read, entry.log_told
        while piece := next_log_piece(
            folder.log, read=read, told=told, bytes_max=self.settings.log_bytes_max, ended=True
        ):
            read, told = piece.read, piece.told
            event = event_of(entry.order, "log", self.clock(), log_offset=piece.offset, log_text=piece.text)
            self.journal.write(entry.attempt, event, log_read=read, log_told=told)
        tail = MetricsTail.after(folder.record / record_files.METRICS, entry.metrics_read)
        while series := tail.next():
            self.journal.write(
                entry.attempt, event_of(entry.order, "metrics", self.clock(), metrics=series), metrics_read=tail.read
            )

    def _upload_together(self, artifacts: Iterable[Artifact], folder: AttemptFolder) -> list[Artifact]:
        """Upload the small files, many in one request. Return those that are to be uploaded one by one."""
        alone: list[Artifact] = []
        for pack in packs(artifacts):
            if self.interrupted():
                raise Interrupted
            try:
                if len(pack) > 1:
                    self.transport.upload_blobs({one.sha256: _place(one, folder) for one in pack})
                    continue
            except FileNotFoundError:
                _log.info("a file of %s vanished while it was sent", folder.root.name)
            except FabricaError as problem:
                if not _is_of_the_files(problem):
                    raise
                _log.info("the files of %s are sent one by one: %s", folder.root.name, problem)
            alone += pack
        return alone

    def _upload(self, artifact: Artifact, folder: AttemptFolder) -> str:
        """Upload one file. Return words when it can never be sent, else nothing."""
        if self.interrupted():
            raise Interrupted
        place = _place(artifact, folder)
        try:
            self.transport.upload_blob(artifact.sha256, place)
        except FileNotFoundError:
            return f"'{artifact.path}' vanished from the site and was not sent."
        except FabricaError as problem:
            if not _is_of_the_files(problem):
                raise
            _log.warning("%s of %s was refused: %s", artifact.path, folder.root.name, problem)
            return f"The server does not take '{artifact.path}': {problem}"
        return ""

    def _tell_end(self, entry: Entry, ending: Ending, artifacts: tuple[Artifact, ...]) -> None:
        parts = [
            event_of(entry.order, "artifacts", self.clock(), artifacts=artifacts[start : start + _ARTIFACTS_PER_EVENT])
            for start in range(0, len(artifacts), _ARTIFACTS_PER_EVENT)
        ]
        end = event_of(
            entry.order,
            "ended",
            self.clock(),
            handle=entry.handle,
            reason=ending.reason,
            words=ending.words,
            exit_code=ending.exit_code,
            started_at=ending.started_at,
            ended_at=ending.ended_at,
            usage=ending.usage,
            tasks=ending.tasks or None,
            log_dropped_bytes=ending.log_bytes_dropped,
        )
        self.journal.write(entry.attempt, *parts, end, state=AttemptState.ENDED)
        _log.info("ended %s: %s", entry.attempt, ending.reason)


def packs(artifacts: Iterable[Artifact]) -> list[list[Artifact]]:
    """Return files as they are uploaded together: small ones many at once, each larger one by itself."""
    found: list[list[Artifact]] = []
    small: list[Artifact] = []
    left = PACK_BYTES_MAX
    for one in artifacts:
        size = len(head(one.sha256, one.bytes)) + one.bytes
        if one.bytes > PACKED_FILE_BYTES_MAX:
            found.append([one])
            continue
        if size > left:
            found.append(small)
            small, left = [], PACK_BYTES_MAX
        small.append(one)
        left -= size
    return [*found, small] if small else found


def _is_of_the_files(problem: FabricaError) -> bool:
    """Say whether the server refused what was sent; any other trouble, the agent's own key among it, may pass."""
    return problem.status in (413, 422) and not isinstance(problem, AgentSettingsRefused)


def _place(artifact: Artifact, folder: AttemptFolder) -> Path:
    return (folder.record if artifact.kind == "record" else folder.work) / artifact.path


def _artifact_of(path: Path) -> Artifact:
    content = path.read_bytes()
    return Artifact(path=path.name, sha256=hashlib.sha256(content).hexdigest(), bytes=len(content), kind="record")
