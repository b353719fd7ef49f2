"""A mail server on a port of its own that keeps what it is sent, and can refuse: SMTP as in RFC 5321, no more."""

import contextlib
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class MailServer:
    """Where it listens, what came, and whether it refuses for now."""

    port: int = 0
    messages: list[str] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    refusing: bool = False


@contextlib.contextmanager
def mail_server() -> Iterator[MailServer]:
    """Yield a mail server that listens; it ends after the block."""
    kept = MailServer()

    class Session(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say("220 test")
            while line := self.rfile.readline().decode().strip():
                verb = line.upper()
                if verb.startswith("DATA"):
                    self._say("354 go on")
                    kept.messages.append(self._content())
                    self._say("250 kept")
                elif verb.startswith("RCPT TO"):
                    kept.recipients.append(line.partition("<")[2].rstrip(">"))
                    self._say("451 not now" if kept.refusing else "250 ok")
                elif verb.startswith("QUIT"):
                    self._say("221 bye")
                    return
                else:
                    self._say("250 ok")

        def _content(self) -> str:
            lines = []
            while (line := self.rfile.readline().decode().rstrip("\r\n")) != ".":
                lines.append(line)
            return "\n".join(lines)

        def _say(self, words: str) -> None:
            self.wfile.write(f"{words}\r\n".encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session) as server:
        server.daemon_threads = True
        kept.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield kept
        server.shutdown()
        thread.join()
