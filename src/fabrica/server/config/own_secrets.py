"""The secrets that a server draws for itself."""

import contextlib
import os
import secrets

from fabrica.values.home import home


def secret(name: str) -> str:
    """Return a secret kept in a file of mode 600 under the home folder, drawn on first use."""
    path = home() / "server" / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        whole = path.with_name(f".{name}.{secrets.token_hex(4)}")
        whole.touch(mode=0o600)
        whole.write_text(secrets.token_urlsafe(48))
        with contextlib.suppress(FileExistsError):  # another process drew it first: its secret stands
            os.link(whole, path)
        whole.unlink()
    return path.read_text()
