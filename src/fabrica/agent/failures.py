"""Why an attempt cannot go on, as the agent's own parts say it to each other."""

import re

from fabrica.values.states import EndReason

_USER_INFORMATION = re.compile(r"(?<=://)[^/\s]*@")


class AttemptFailed(Exception):
    """The attempt ends here, with one reason of the closed list and words for the user."""

    def __init__(self, reason: EndReason, words: str) -> None:
        super().__init__(masked(words))
        self.reason = reason
        self.words = masked(words)


def unavailable(words: str) -> AttemptFailed:
    """Return the failure of a dataset that cannot be had."""
    return AttemptFailed(EndReason.DATA_UNAVAILABLE, words)


class Interrupted(Exception):
    """The work was broken off because the agent stops or the attempt was cancelled; it may be done again."""


def masked(words: str) -> str:
    """Return words with the user and password of each address in them hidden: `https://user:pass@host` has none."""
    return _USER_INFORMATION.sub("****@", words)
