"""The processes of a server: the threaded web server, and the background loops."""

import logging
import threading
from types import TracebackType

from fabrica.server.config.start import setup
from fabrica.values.signals import stop_on_signals

_log = logging.getLogger("fabrica.server")


class WebServer:
    """The API and the portal on one address, in threads of this process. Port 0 draws a free one."""

    def __init__(self, host: str, port: int, threads: int) -> None:
        from cheroot.wsgi import Server

        from fabrica.server.config.wsgi import application

        # all threads from the start: the pool never grows by itself, and each agent's long question holds one
        self._server = Server((host, port), application, numthreads=threads, max=threads, server_name="fabrica")
        self._server.shutdown_timeout = 1
        self._server.error_log = _told  # type: ignore[method-assign, assignment]  # how cheroot is told
        self._server.prepare()
        self.port: int = self._server.bind_addr[1]
        _tell_address(host, self.port)
        self._thread = threading.Thread(target=self._server.serve, name="web server", daemon=True)

    def __enter__(self) -> "WebServer":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        from fabrica.server.core import hints

        hints.end_waiting()
        self._server.stop()
        self._thread.join(5)


def _tell_address(host: str, port: int) -> None:
    """Let attachments know where other processes of this server reach this one."""
    from django.conf import settings

    from fabrica.server.attachments import service as attachments

    known = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    attachments.be_reached_at(settings.PROCESS_URL or f"http://{known}:{port}")


def _told(message: str = "", level: int = logging.INFO, traceback: bool = False) -> None:
    _log.log(level, message or "web server", exc_info=traceback)


def serve_until_signal(host: str, port: int, threads: int) -> None:
    """Serve until the process is asked to end."""
    setup()
    stop = stop_on_signals()
    with WebServer(host, port, threads):
        stop.wait()


def work_until_signal(once: bool) -> None:
    """Run the background loops until the process is asked to end; with `once`, until nothing moves."""
    setup()
    from fabrica.server.core import reconcilers

    if once:
        reconcilers.run_all_once()
        return
    stop = stop_on_signals()
    threads = reconcilers.start_all(stop)
    stop.wait()
    for thread in threads:
        thread.join(10)
