"""A registry of images for tests: one image under one digest, over TLS on loopback, by the OCI distribution API."""

import hashlib
import json
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_MANIFEST_KIND = "application/vnd.oci.image.manifest.v1+json"
_CONFIG_KIND = "application/vnd.sylabs.sif.config.v1+json"
_LAYER_KIND = "application/vnd.sylabs.sif.layer.v1.sif"


@dataclass
class Registry:
    """`reference`: what names the image for all time; `certificate`: whom a client has to trust."""

    reference: str
    certificate: Path


@contextmanager
def registry(image: Path, folder: Path, *, harmed: bool = False) -> Iterator[Registry]:
    """Serve an image of Apptainer until the test ends; `harmed`: with other bytes than its digest says."""
    layer, config = image.read_bytes(), b"{}"
    parts = {"config": (_CONFIG_KIND, config), "layer": (_LAYER_KIND, layer)}
    told = {
        name: {"mediaType": kind, "digest": _digest(content), "size": len(content)}
        for name, (kind, content) in parts.items()
    }
    manifest = json.dumps(
        {"schemaVersion": 2, "mediaType": _MANIFEST_KIND, "config": told["config"], "layers": [told["layer"]]}
    ).encode()
    contents = {_digest(content): content for content in (layer, config, manifest)}
    if harmed:
        contents[_digest(layer)] = layer[:-1] + bytes([layer[-1] ^ 1])
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(contents, _digest(manifest)))
    certificate = _certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, folder / "registry.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    address = f"oras://127.0.0.1:{server.server_port}/team/train@{_digest(manifest)}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Registry(address, certificate)
    finally:
        server.shutdown()
        server.server_close()


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _handler(contents: dict[str, bytes], manifest: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            digest = self.path.rpartition("/")[2]
            content = b"{}" if self.path == "/v2/" else contents.get(digest)
            self.send_response(404 if content is None else 200)
            kind = _MANIFEST_KIND if digest == manifest else "application/octet-stream"
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content or b"")))
            self.send_header("Docker-Content-Digest", digest)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content or b"")

        do_HEAD = do_GET  # noqa: N815 - as the base class has it

        def log_message(self, *_: object) -> None:
            return

    return Handler


def _certificate(folder: Path) -> Path:
    certificate = folder / "registry.crt"
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    files = ["-keyout", str(folder / "registry.key"), "-out", str(certificate)]
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    subprocess.run([*command, *files, *subject], check=True, capture_output=True)
    return certificate
