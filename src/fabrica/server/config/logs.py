"""Structured logs: one event a line, ids as fields, no secrets and no personal data."""

import json
import logging
import re

from fabrica.values.time import to_rfc3339

_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "request", "status_code"}

_SECRET_ADDRESS = re.compile(r"(/(?:sign-in|feeds|shared)/)[^/\s?]+")
"""Addresses whose last part lets somebody in, as a link that signs in or a calendar that cannot."""


class JsonLine(logging.Formatter):
    """Write a log record as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        from datetime import UTC, datetime

        line = {
            "at": to_rfc3339(datetime.fromtimestamp(record.created, UTC)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": _SECRET_ADDRESS.sub(r"\1…", record.getMessage()),
            **{key: value for key, value in vars(record).items() if key not in _OWN},
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)
