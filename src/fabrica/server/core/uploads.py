"""Files that a page takes: bounded before they are read, and large ones only from who may send them."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from fabrica.server.core.requests import Viewed
from fabrica.wire.problems import TooLarge

SMALL_BYTES_MAX = 8 * 2**20
_FORM_BYTES = 64 * 2**10
"""What the other fields of a form and its boundaries may take beside the file."""
_ALLOWED = "upload_bytes_max"


class BoundedUpload(FileUploadHandler):
    """Stops a form with files that is longer than its page allows, before anything of it is read."""

    def handle_raw_input(
        self, input_data: Any, meta: Any, content_length: int, boundary: str, encoding: str | None = None
    ) -> None:
        """Accept what the request says of its length, which bounds what is read of it.

        Raises:
            RequestDataTooBig: it is longer.
        """
        if content_length > getattr(self.request, _ALLOWED, SMALL_BYTES_MAX) + _FORM_BYTES:
            raise RequestDataTooBig

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None


def takes_file(bytes_max: int, *, may: Callable[..., None]) -> Callable[..., Any]:
    """Let a page take a file of up to `bytes_max` bytes. `may` gets what the page gets, before the file is read.

    Whether the form is one of this server's own pages is checked after `may`, since that reads the form.

    Raises:
        TooLarge: the request says that it is longer.
    """

    def decorated(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        protected = csrf_protect(view)

        @wraps(view)
        def guarded(request: Viewed, **parts: Any) -> HttpResponse:
            if request.method == "POST":
                may(request, **parts)
                length = request.headers.get("Content-Length", "0")
                if not length.isdecimal() or int(length[:20]) > bytes_max + _FORM_BYTES:
                    raise TooLarge(f"The file is larger than {bytes_max:,} bytes.", remedy="Send a smaller one.")
                setattr(request, _ALLOWED, bytes_max)
            answer: HttpResponse = protected(request, **parts)
            return answer

        exempt: Callable[..., HttpResponse] = csrf_exempt(guarded)
        return exempt

    return decorated
