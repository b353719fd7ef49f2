"""A network namespace of one site: it calls out over one link, and nobody calls in. Needs root."""

import hashlib
import json
import os
import subprocess
from pathlib import Path

_INSIDE = "up0"
_OUTBOUND_ONLY = """
table inet site {{
    chain input {{
        type filter hook input priority 0; policy accept;
        iifname "{link}" ct state new drop
    }}
}}
"""


class SiteNetwork:
    """The network of the site in `folder`: always of the same names, so that whoever comes later can remove it."""

    def __init__(self, folder: Path) -> None:
        digest = hashlib.sha256(os.fsencode(folder.absolute())).digest()
        key = digest.hex()[:8]
        self.name = f"fabrica-{key}"
        self._outside = f"fab-{key}"
        self._numbers = [(digest[4] + step) % 256 for step in range(256)]

    @property
    def prefix(self) -> list[str]:
        """What to put before a command that runs in the namespace. `ip netns exec` would mount /sys anew."""
        return ["nsenter", f"--net=/run/netns/{self.name}"]

    @property
    def hub_address(self) -> str:
        """The address of this machine as the site sees it."""
        links = json.loads(_run("ip", "-json", "-4", "address", "show", "dev", self._outside))
        return str(links[0]["addr_info"][0]["local"])

    @property
    def site_address(self) -> str:
        """The address of the site as this machine sees it."""
        return f"{self.hub_address.rpartition('.')[0]}.2"

    def create(self) -> None:
        """Make namespace, link and rule; an old one of the same name is removed first.

        Raises:
            RuntimeError: this user may not, or the machine lacks something; says what was said.
        """
        self.remove()
        net = f"10.213.{self._free_number()}"
        inside = self.prefix
        _run("ip", "netns", "add", self.name)
        _run("ip", "link", "add", self._outside, "type", "veth", "peer", "name", _INSIDE, "netns", self.name)
        _run("ip", "address", "add", f"{net}.1/30", "dev", self._outside)
        _run("ip", "link", "set", self._outside, "up")
        _run(*inside, "ip", "address", "add", f"{net}.2/30", "dev", _INSIDE)
        for link in ("lo", _INSIDE):
            _run(*inside, "ip", "link", "set", link, "up")
        _run(*inside, "nft", "--file", "-", stdin=_OUTBOUND_ONLY.format(link=_INSIDE))

    def _free_number(self) -> int:
        taken = _run("ip", "-json", "-4", "address", "show")
        return next(number for number in self._numbers if f'"10.213.{number}.' not in taken)

    def exists(self) -> bool:
        """Return whether namespace and link are there."""
        return Path(f"/run/netns/{self.name}").exists() and Path(f"/sys/class/net/{self._outside}").exists()

    def cut(self) -> None:
        """Take the link down: the site hears nothing more and goes on."""
        _run("ip", "link", "set", self._outside, "down")

    def mend(self) -> None:
        """Take the link up again."""
        _run("ip", "link", "set", self._outside, "up")

    def remove(self) -> None:
        """Remove namespace and link, if there; end the processes of the site before."""
        for path, command in (
            (Path(f"/sys/class/net/{self._outside}"), ("ip", "link", "delete", self._outside)),
            (Path(f"/run/netns/{self.name}"), ("ip", "netns", "delete", self.name)),
        ):
            if path.exists():
                _run(*command)


def _run(*command: str, stdin: str = "") -> str:
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout}{done.stderr}".strip())
    return done.stdout
