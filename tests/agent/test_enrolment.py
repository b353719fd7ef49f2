"""What keeps a site from enrolling is told with what lies under it."""

import socket
import ssl
from pathlib import Path

import pytest

from fabrica.agent import enrolment
from fabrica.agent.transport import way_remedy
from fabrica.wire.problems import ServerUnreachable


def test_a_server_that_does_not_run_is_told_with_the_cause_and_nothing_is_left_behind(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(ServerUnreachable) as refused:
        enrolment.enrol(f"http://127.0.0.1:{port}", "any", tmp_path / "agent.toml")
    assert (refused.value.remedy or "").startswith("Nothing listens there")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (ssl.SSLCertVerificationError("self-signed"), "SSL_CERT_FILE"),
        (ssl.SSLError("wrong version number"), "No HTTPS is spoken there"),
        (socket.gaierror("unknown"), "name is not known"),
        (TimeoutError("no answer"), "HTTPS_PROXY"),
    ],
)
def test_each_cause_of_a_failed_connection_has_its_own_remedy(cause: Exception, words: str) -> None:
    if isinstance(cause, ssl.SSLCertVerificationError):
        cause.verify_message = "self-signed certificate"
    trouble = ServerUnreachable("no answer")
    trouble.__cause__ = cause
    assert words in way_remedy(trouble)
