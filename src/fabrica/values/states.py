"""Run and attempt states, and the one closed list of reasons why an attempt ended."""

from dataclasses import dataclass
from enum import StrEnum


class RunState(StrEnum):
    """Where a run is. Why it is there is a reason code beside it."""

    SUBMITTED = "submitted"  # stored; waits for a site
    HELD = "held"  # cannot be placed now; the reason says what is missing; tried again when something changes
    PLACED = "placed"  # a site is chosen and the amount reserved; the site has not taken it yet
    STAGING = "staging"  # the site fetches source and data and builds the environment
    QUEUED = "queued"  # the site's engine has it
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"

    @property
    def final(self) -> bool:
        return self in _FINAL


_FINAL = frozenset({RunState.SUCCEEDED, RunState.FAILED, RunState.CANCELLED, RunState.TIMED_OUT})


class AttemptState(StrEnum):
    """Where one try at a run is, as the site's agent last said."""

    OFFERED = "offered"  # leased to a site that has not accepted yet
    ACCEPTED = "accepted"  # in the agent's journal: only the agent can give it back
    STAGING = "staging"
    QUEUED = "queued"
    RUNNING = "running"
    ENDED = "ended"


class Fault(StrEnum):
    """Whose doing an end was."""

    NOBODY = "nobody"
    USER = "user"
    SITE = "site"
    NETWORK = "network"


class EndReason(StrEnum):
    """Why an attempt ended: one closed list for all engines."""

    COMPLETED = "completed"
    EXIT_NONZERO = "exit_nonzero"
    KILLED_BY_SIGNAL = "killed_by_signal"
    COMMAND_NOT_FOUND = "command_not_found"
    MEMORY_EXCEEDED = "memory_exceeded"
    FOLDER_FULL = "folder_full"
    TIME_LIMIT = "time_limit"
    CANCELLED_BY_USER = "cancelled_by_user"
    CANCELLED_BY_OPERATOR = "cancelled_by_operator"
    CANCELLED_AT_SITE = "cancelled_at_site"
    DEPENDENCY_FAILED = "dependency_failed"
    SOURCE_REFUSED = "source_refused"
    DATA_UNAVAILABLE = "data_unavailable"
    DATA_MISMATCH = "data_mismatch"
    ENVIRONMENT_FAILED = "environment_failed"
    OUTPUTS_REFUSED = "outputs_refused"
    PREEMPTED = "preempted"
    NODE_FAILED = "node_failed"
    PROCESS_VANISHED = "process_vanished"
    SITE_DISK_FULL = "site_disk_full"
    SITE_DECLINED = "site_declined"
    LEASE_EXPIRED = "lease_expired"
    SITE_LOST = "site_lost"
    ENGINE_ERROR = "engine_error"


@dataclass(frozen=True, slots=True)
class End:
    """What an end reason means: the run's state, whose fault, whether the time is charged and the run tried again."""

    state: RunState
    fault: Fault
    charged: bool
    retried: bool
    words: str


def _user(words: str, charged: bool = True, state: RunState = RunState.FAILED) -> End:
    return End(state, Fault.USER, charged, retried=False, words=words)


def _site(words: str, charged: bool = False, retried: bool = True, state: RunState = RunState.FAILED) -> End:
    return End(state, Fault.SITE, charged, retried, words)


ENDS: dict[EndReason, End] = {
    EndReason.COMPLETED: End(
        RunState.SUCCEEDED, Fault.NOBODY, charged=True, retried=False, words="The command ended with exit status 0."
    ),
    EndReason.EXIT_NONZERO: _user("The command ended with an exit status other than 0; its log says why."),
    EndReason.KILLED_BY_SIGNAL: _user("The command was ended by a signal that Fabrica did not send."),
    EndReason.COMMAND_NOT_FOUND: _user("The command does not exist in the run's environment.", charged=False),
    EndReason.MEMORY_EXCEEDED: _user("The run used more memory than it asked for; ask for more in fabrica.toml."),
    EndReason.FOLDER_FULL: _user("The run filled its working folder beyond its limit; write less, or ask for more."),
    EndReason.TIME_LIMIT: _user(
        "The time limit was reached; ask for more time, or save and continue from a checkpoint.",
        state=RunState.TIMED_OUT,
    ),
    EndReason.CANCELLED_BY_USER: _user("Cancelled on request.", state=RunState.CANCELLED),
    EndReason.CANCELLED_BY_OPERATOR: End(
        RunState.CANCELLED, Fault.NETWORK, charged=False, retried=False, words="Cancelled by the network's office."
    ),
    EndReason.CANCELLED_AT_SITE: _site(
        "Cancelled by the site's own operator.", retried=False, state=RunState.CANCELLED
    ),
    EndReason.DEPENDENCY_FAILED: _user(
        "A run that this one waited for did not succeed.", charged=False, state=RunState.CANCELLED
    ),
    EndReason.SOURCE_REFUSED: _user("The source bundle was damaged, too large, or held an unsafe path.", charged=False),
    EndReason.DATA_UNAVAILABLE: _user("A dataset could not be fetched from its source.", charged=False),
    EndReason.DATA_MISMATCH: _user("A dataset's SHA-256 is not the one that fabrica.toml states.", charged=False),
    EndReason.ENVIRONMENT_FAILED: _user("The environment could not be built from its lock file.", charged=False),
    EndReason.OUTPUTS_REFUSED: _user("The outputs were too large, or held a link that leads outside the folder."),
    EndReason.PREEMPTED: _site("The site gave the devices to more urgent work."),
    EndReason.NODE_FAILED: _site("A node of the site failed."),
    EndReason.PROCESS_VANISHED: _site("The run's processes vanished without a word; the machine may have restarted."),
    EndReason.SITE_DISK_FULL: _site("The site's disk was full."),
    EndReason.SITE_DECLINED: _site("The site did not take the run."),
    EndReason.LEASE_EXPIRED: End(
        RunState.FAILED, Fault.NETWORK, charged=False, retried=True, words="The site did not answer the offer in time."
    ),
    EndReason.SITE_LOST: _site("An operator declared the site lost."),
    EndReason.ENGINE_ERROR: _site("The site's engine failed; its own words are in the attempt."),
}
