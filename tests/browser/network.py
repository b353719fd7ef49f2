"""An embedded network with simulated sites and an OpenID provider, and a browser that watches for faults."""

import contextlib
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, StorageState

from tests.flows.home import Home, write_run
from tests.services.oidc import OpenIdProvider, openid_provider

CALLBACK = "/accounts/oidc/oidc/login/callback/"
TINY = """
import pathlib, time
from fabrica.run import log

print("the first line", flush=True)
log.metric("loss", 1.0, step=1)
until = time.monotonic() + 60
while not pathlib.Path({go_on!r}).exists() and time.monotonic() < until:
    time.sleep(0.05)
log.metric("loss", 0.5, step=2)
print("the last line <b>&amp;", flush=True)
pathlib.Path("model.txt").write_text("a model")
"""


class Portal(Home):
    """An embedded network on a port of its own, whose people sign in at `provider` too."""

    def __init__(self, folder: Path, port: int, provider: OpenIdProvider) -> None:
        super().__init__(folder)
        self.url = f"http://127.0.0.1:{port}"
        self.provider = provider

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | {
            "FABRICA_OIDC_URL": self.provider.url,
            "FABRICA_OIDC_NAME": "the test provider",
            "FABRICA_OIDC_CLIENT_ID": self.provider.client_id,
            "FABRICA_OIDC_CLIENT_SECRET": self.provider.client_secret,
        }

    def submit(self, name: str, *options: str) -> tuple[str, Path]:
        """Submit a run that says a first line, waits for a file, and ends; return its id and that file."""
        go_on = self.folder / f"{name}.go-on"
        files = {"train.py": TINY.format(go_on=str(go_on))}
        folder = write_run(self.folder / name, ["python3", "train.py"], files)
        run: str = self.json("run", str(folder), "--detach", *options)["id"]
        return run, go_on

    def simulate(self, name: str) -> str:
        """Submit a run that only a simulated site can take; return its id."""
        folder = write_run(self.folder / name, ["sleep", "3000"], resource_class="gpu.mi250x", time_limit="1 h")
        run: str = self.json("run", str(folder), "--detach", "--accept-simulated")["id"]
        return run


@contextlib.contextmanager
def open_portal(folder: Path) -> Iterator[Portal]:
    """Yield a running portal; end it afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    with openid_provider([f"http://127.0.0.1:{port}{CALLBACK}"]) as provider:
        portal = Portal(folder, port, provider)
        portal.json("up", "--simulate", "--port", str(port))
        try:
            yield portal
        finally:
            portal.fabrica("down")


@dataclass
class Watch:
    """What a browser complained about: errors of scripts, of the content policy, of resources."""

    complaints: list[str] = field(default_factory=list)

    def over(self, page: Page) -> Page:
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.page.url if message.page else ''}: {message.text}")


def new_context(browser: Browser, portal: Portal, state: StorageState | None = None, **options: Any) -> BrowserContext:
    """Open a window of its own on the portal, signed in when `state` says so."""
    return browser.new_context(base_url=portal.url, storage_state=state, **options)


def browser_arguments() -> list[str]:
    """Return how Chromium is started: without its sandbox only for root, for whom it has none."""
    return ["--no-sandbox"] if os.geteuid() == 0 else []
