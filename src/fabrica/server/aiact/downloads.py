"""Bytes from outside, sent so that no browser opens them as a page of this server."""

from collections.abc import Iterator

from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header


def download(sha256: str, parts: Iterator[bytes], name: str | None = None) -> StreamingHttpResponse:
    """Return bytes as a download; without a name it is called by the start of its hash."""
    response = StreamingHttpResponse(parts, content_type="application/octet-stream")
    response["Content-Security-Policy"] = "sandbox"
    response["Content-Disposition"] = content_disposition_header(True, name or sha256[:12])
    response["ETag"] = f'"{sha256}"'
    return response
