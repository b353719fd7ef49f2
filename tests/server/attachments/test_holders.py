"""An attachment that another process of the server holds is asked there; one whose process is gone is over."""

import http.client
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.test import Client

from fabrica.server.attachments import relays
from fabrica.server.attachments.models import Attachment as Row
from fabrica.server.core.actors import Actor
from fabrica.server.core.models import Fact
from fabrica.server.people import service as people
from fabrica.values.ids import AttachmentId, ProjectId
from fabrica.wire.attachments import Piece
from tests.server.attachments.builders import make_attachment

pytestmark = pytest.mark.django_db
ANOTHER = "another-process"
TYPED = Piece(0, False, b"echo hello").packed()


class Holder(ThreadingHTTPServer):
    """Another process of the server, as far as this one sees it: it notes what is asked and answers the same."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.asked: list[tuple[str, str, bytes, dict[str, str]]] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Answers(BaseHTTPRequestHandler):
    server: Holder

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.command, self.path, body, dict(self.headers)))
        answer = b'{"next_offset": 10, "ended": false}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def holder() -> Iterator[Holder]:
    with Holder() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def attachment(lead: Actor, project: ProjectId, agent: Actor) -> AttachmentId:
    made = make_attachment(lead, project, agent, taken=True).id
    relays._relays.clear()
    return made


def held_by(attachment: AttachmentId, process: str, address: str) -> None:
    Row.objects.filter(id=attachment).update(process=process, address=address)


def types(by: Actor, attachment: AttachmentId, **headers: str) -> tuple[int, str]:
    """Send keys as a person; return the status and the body or the problem's code."""
    assert by.user is not None
    token = people.make_token(by, user=by.user, name="tests")
    headers |= {"Authorization": f"Bearer {token}"}
    answer = Client().post(
        f"/api/v1/attachments/{attachment}/input?x=1", TYPED, "application/octet-stream", headers=headers
    )
    return answer.status_code, answer.json().get("code", answer.content.decode())


def test_what_is_asked_of_another_process_goes_there_whole_and_its_answer_comes_back(
    lead: Actor, attachment: AttachmentId, holder: Holder
) -> None:
    held_by(attachment, ANOTHER, holder.address)
    assert types(lead, attachment) == (200, '{"next_offset": 10, "ended": false}')
    ((method, path, body, headers),) = holder.asked
    assert (method, path, body) == ("POST", f"/api/v1/attachments/{attachment}/input?x=1", TYPED)
    assert headers["Authorization"].startswith("Bearer ")  # the holder asks itself who may
    assert (headers["Host"], headers["Fabrica-For-Process"]) == ("testserver", ANOTHER)


def test_an_attachment_whose_process_has_ended_is_over_and_that_is_a_fact(
    lead: Actor, attachment: AttachmentId, holder: Holder
) -> None:
    holder.shutdown()
    holder.server_close()
    held_by(attachment, ANOTHER, holder.address)
    for _ in range(2):
        assert types(lead, attachment) == (404, "attachments.gone")
    assert Fact.objects.filter(kind="attachments.detached").count() == 1


@pytest.mark.parametrize("process", ["", ANOTHER])
def test_an_attachment_of_an_earlier_process_at_this_address_is_over(
    lead: Actor, attachment: AttachmentId, process: str
) -> None:
    held_by(attachment, process or relays.this_process(), "http://127.0.0.1:9")
    passed_on = {"Fabrica-For-Process": ANOTHER} if process else {}
    assert types(lead, attachment, **passed_on) == (404, "attachments.gone")
    assert Row.objects.get(id=attachment).ended_at is not None


def test_a_server_that_was_started_anew_says_that_its_attachments_are_over(
    lead: Actor, attachment: AttachmentId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relays, "_reached_at", ["http://127.0.0.1:8400"])
    monkeypatch.setattr(relays, "_DRAWN", "the process of today")
    held_by(attachment, Row.objects.get(id=attachment).process, "http://127.0.0.1:8400")
    assert types(lead, attachment) == (404, "attachments.gone")
    assert Row.objects.get(id=attachment).ended_at is not None


def test_who_guesses_how_processes_are_called_ends_nothing(
    lead: Actor, attachment: AttachmentId, holder: Holder
) -> None:
    held_by(attachment, ANOTHER, holder.address)
    assert types(lead, attachment, **{"Fabrica-For-Process": "guessed"})[0] == 200
    assert Row.objects.get(id=attachment).ended_at is None


@pytest.mark.parametrize("address", ["", "http://127.0.0.1:8400"])
def test_a_process_that_cannot_be_reached_is_told_with_what_the_office_sets(
    lead: Actor, attachment: AttachmentId, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relays, "_reached_at", ["http://127.0.0.1:8400"])  # two machines with the same address
    held_by(attachment, ANOTHER, address)
    assert types(lead, attachment) == (503, "attachments.elsewhere")
    assert Row.objects.get(id=attachment).ended_at is None


def test_a_process_that_does_not_answer_in_time_is_told_and_ends_nothing(
    lead: Actor, attachment: AttachmentId, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*_: object, **__: object) -> None:
        raise TimeoutError

    monkeypatch.setattr(http.client.HTTPConnection, "request", silent)
    held_by(attachment, ANOTHER, "http://127.0.0.1:9")
    assert types(lead, attachment) == (503, "attachments.elsewhere")
    assert Row.objects.get(id=attachment).ended_at is None
