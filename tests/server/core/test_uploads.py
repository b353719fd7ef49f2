"""Files that pages take: who may not send one is refused before it is read, and a long one in any case."""

from typing import Any

import pytest
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.test import RequestFactory

from fabrica.server.core import uploads
from fabrica.server.core.uploads import takes_file
from fabrica.wire.problems import NotAllowed, TooLarge


def allow(request: HttpRequest) -> None:
    """Let everybody send a file."""


def refuse(request: HttpRequest) -> None:
    raise NotAllowed("No.")


def page(request: HttpRequest) -> HttpResponse:
    (file,) = request.FILES.values()
    assert isinstance(file, UploadedFile)
    return HttpResponse(str(file.size))


def post(size: int, *, token: bool = True) -> Any:
    """Return a request with a file, from a form of this server unless there is no token."""
    factory = RequestFactory()
    asked = factory.get("/")
    secret = get_token(asked)
    fields = {"file": SimpleUploadedFile("a", b"x" * size)} | ({"csrfmiddlewaretoken": secret} if token else {})
    sent = factory.post("/", fields)
    sent.COOKIES["csrftoken"] = asked.META["CSRF_COOKIE"]
    return sent


def test_a_file_within_the_bound_is_taken() -> None:
    assert takes_file(2_000_000, may=allow)(page)(post(1_000_000)).content == b"1000000"


def test_a_longer_one_is_refused_before_it_is_read() -> None:
    asked = post(200_000)
    with pytest.raises(TooLarge, match="100,000 bytes"):
        takes_file(100_000, may=allow)(page)(asked)
    assert asked._read_started is False


def test_who_may_not_is_refused_before_it_is_read() -> None:
    asked = post(10)
    with pytest.raises(NotAllowed):
        takes_file(100, may=refuse)(page)(asked)
    assert asked._read_started is False


def test_a_form_of_another_site_is_refused() -> None:
    assert takes_file(100, may=allow)(page)(post(10, token=False)).status_code == 403


def test_a_page_that_names_no_bound_takes_small_files_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "SMALL_BYTES_MAX", 1_000)
    assert page(post(1_000)).content == b"1000"
    with pytest.raises(RequestDataTooBig):
        page(post(100_000))
