"""A real agent with the local engine, as its own process. It kills itself once, where a fault test says."""

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fabrica.agent.conversation import Conversation
from fabrica.agent.finishing import Finish
from fabrica.agent.loop import Agent
from fabrica.agent.settings import read_settings
from fabrica.agent.staging import Stage
from fabrica.agent.transport import HttpTransport
from fabrica.engines.registry import open_engine


def main(settings_file: Path, kill_at: str) -> None:
    settings = read_settings(settings_file)
    engine = open_engine("local", settings.folder / "engine")
    points: dict[str, tuple[Any, str, bool]] = {
        "while staging": (Stage, "_stage_source", True),
        "after the journal, before the start": (engine, "start", True),
        "after the start, before the journal": (engine, "start", False),
        "while collecting": (Finish, "_gather", False),
        "while uploading": (HttpTransport, "upload_blobs", False),
        "before the end is told": (Finish, "_tell_end", True),
        "after the end is told": (Finish, "_tell_end", False),
        "before an acknowledgement is kept": (Conversation, "keep", True),
    }
    if kill_at in points:
        owner, name, before = points[kill_at]
        setattr(owner, name, _dying(getattr(owner, name), settings_file.with_name("killed"), before))
    transport = HttpTransport(settings.server, settings.key_file)
    Agent(settings, transport, engine).run(threading.Event())


def _dying(verb: Callable[..., Any], mark: Path, before: bool) -> Callable[..., Any]:
    """Return the verb, dying once: before it does anything, or after it has done all."""

    def dying(*values: Any, **named: Any) -> Any:
        if before:
            _die_once(mark)
        result = verb(*values, **named)
        _die_once(mark)
        return result

    return dying


def _die_once(mark: Path) -> None:
    try:
        mark.open("x").close()
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    main(Path(sys.argv[1]), sys.argv[2])
