"""A real Slurm cluster in a folder: started in well under a second, ended by process ids, leaving nothing."""

import getpass
import os
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.services.slurm import database, keeper, layout, processes, releases
from tests.services.slurm.configuration import NODES_MAX, SOCKET_PATH_BYTES_MAX, Partition, Site
from tests.services.slurm.packages import PATH, slurm_is_here

START_SECONDS_MAX = 120
ACCOUNT = "users"
"""The account that whoever started a cluster with accounting may submit to."""


class SlurmCluster:
    """One cluster: munge, slurmctld, a slurmd for each node and, when asked, accounting and REST.

    `folder` is made; keep its path short, since Unix sockets live in it. With `throwaway` the cluster ends with the
    process that started it, however that ends. `prefix` is put before every daemon and command, for example
    `nsenter --net=…`, and `root` the folder of another release of Slurm, see `releases`; commands are then behind
    scripts that `environment` has on its PATH. With `root`, `folder` must be under /tmp. `outer_prefix` leaves `root`
    out: for an agent, which is of this machine.
    """

    def __init__(
        self,
        folder: Path,
        *,
        name: str,
        nodes: int = 2,
        cpus_per_node: int = 8,
        memory_mb_per_node: int = 4000,
        gpus_per_node: int = 4,
        gpu_type: str = "h100",
        accounting: bool = False,
        rest: bool = False,
        partitions: Sequence[Partition] | None = None,
        port_base: int | None = None,
        extra_conf: str = "",
        throwaway: bool = True,
        prefix: Sequence[str] = (),
        root: Path | None = None,
    ) -> None:
        if not 1 <= nodes <= NODES_MAX:
            raise ValueError(f"{nodes} nodes: from 1 to {NODES_MAX} have their ports")
        self._guard: socket.socket | None = None
        if port_base is None:
            port_base, self._guard = layout.free_ports()
        folder = folder.absolute()
        self.site = Site(
            folder=folder,
            name=name,
            user=getpass.getuser(),
            port_base=port_base,
            nodes=nodes,
            cpus_per_node=cpus_per_node,
            memory_mb_per_node=memory_mb_per_node,
            gpu_type=gpu_type,
            devices=layout.device_paths(folder, gpus_per_node),
            accounting=accounting,
            rest=rest,
            partitions=partitions or (Partition("gpu", default=True),),
            extra_conf=extra_conf,
            slurmdbd_password=layout.kept_password(folder) if accounting else "",
        )
        longest = folder / "spool" / self.site.node_names[-1] / f"{self.site.node_names[-1]}_4294967295.4294967295"
        if len(os.fsencode(longest)) > SOCKET_PATH_BYTES_MAX:
            raise ValueError(f"{folder} is too long a path for the Unix sockets in it")
        self.folder = folder
        self.throwaway = throwaway
        self.outer_prefix = list(prefix)
        self.prefix = [*prefix, *(releases.prefix_of(root) if root else ())]
        self.root = root

    @property
    def name(self) -> str:
        return self.site.name

    @property
    def node_names(self) -> list[str]:
        return self.site.node_names

    @property
    def environment(self) -> dict[str, str]:
        """The variables of a process that uses this cluster."""
        return {
            "PATH": f"{self.folder}/bin:{PATH}" if self.prefix else PATH,
            "SLURM_CONF": str(self.site.slurm_conf_path),
            "SLURM_TIME_FORMAT": "%s",
            "HOME": os.environ.get("HOME", "/"),
            "USER": self.site.user,
            "LANG": "C.UTF-8",
        }

    @property
    def engine_settings(self) -> dict[str, str]:
        """What an engine is told of this cluster: where its commands and its jobs' Python are, where not the usual."""
        inside = {"command_folder": f"{self.folder}/bin", "python": "/usr/bin/python3"} if self.root else {}
        return {"slurm_conf": str(self.site.slurm_conf_path)} | inside

    @property
    def _inner_environment(self) -> dict[str, str]:
        """The variables of what this class starts: behind the scripts, and ended with the cluster."""
        return self.environment | {"PATH": PATH, processes.MARK: str(self.folder)}

    @property
    def rest_url(self) -> str:
        """The address of slurmrestd."""
        assert self.site.rest, "this cluster was made without rest=True"
        return f"http://127.0.0.1:{self.site.rest_port}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start every daemon and wait until every node is idle.

        Raises:
            MissingProgram: Slurm is not on this machine, and could not be installed.
            RuntimeError: a daemon ended or did not answer; says its last words.
        """
        if self.root is None:
            slurm_is_here(full=self.site.accounting or self.site.rest)
        if self.throwaway:
            keeper.keep(self.folder)
        try:
            layout.write_files(self.site, self.prefix)
            self._start_daemons()
        except BaseException:
            self.stop()
            raise

    def mend(self) -> None:
        """Start the daemons that do not run; a cluster of which none runs is started whole."""
        missing = [one for one in self.daemons if not self.runs(*one)]
        if len(missing) == len(self.daemons):
            self.start()
            return
        for daemon, node in missing:
            self.restart(daemon, node)

    @property
    def daemons(self) -> list[tuple[str, int | None]]:
        """The daemons in the order of their start, with the number of the node for a slurmd."""
        names = ["munged", *(["mariadbd", "slurmdbd"] if self.site.accounting else []), "slurmctld"]
        nodes: list[tuple[str, int | None]] = [("slurmd", number) for number in range(1, self.site.nodes + 1)]
        return [*((name, None) for name in names), *nodes, *([("slurmrestd", None)] if self.site.rest else [])]

    def stop(self) -> None:
        """End every process of the cluster, also of its jobs, by its id, all told at once. Twice is the same."""
        processes.end_site(self.folder)
        if self._guard:
            self._guard.close()
        if self.throwaway:
            keeper.forget(self.folder)

    def _start_daemons(self) -> None:
        self._start_munged()
        if self.site.accounting:
            self._start_mariadbd()
            self._start_slurmdbd()
            self._add("cluster", self.name)
        first = not (self.folder / "state" / "node_state").exists()
        self._launch("slurmctld", ["slurmctld", "-D", *(["-i"] if first else [])])
        self._wait_for_port("slurmctld", self.site.slurmctld_port)
        for number in range(1, self.site.nodes + 1):
            self._launch(f"slurmd-{number}", self._slurmd(number))
        self._wait_for_nodes()
        if self.site.accounting:
            self.add_account(ACCOUNT)
            self.add_user(self.site.user, ACCOUNT)
            if first and self.version() >= (26, 5):  # killed before it has saved them once, it would never start again
                self.restart("slurmctld")
        if self.site.rest:
            self._start_slurmrestd()

    # daemons

    def _launch(self, daemon: str, command: Sequence[str], **variables: str) -> None:
        processes.start(self.folder, daemon, [*self.prefix, *command], {**self._inner_environment, **variables})

    def _slurmd(self, number: int) -> list[str]:
        return ["slurmd", "-D", "-N", self.node_names[number - 1]]

    def _start_munged(self) -> None:
        options = {
            "key-file": f"{self.folder}/etc/munge.key",
            "socket": self.site.munge_socket,
            "pid-file": f"{self.folder}/run/munged.pidfile",
            "log-file": f"{self.folder}/log/munged.log",
            "seed-file": f"{self.folder}/state/munged.seed",
            "num-threads": 4,
        }
        # forced: what is amiss with a folder above, private or of a group, is told and does not end it
        command = ["munged", "--foreground", "--force", *(f"--{key}={value}" for key, value in options.items())]
        self._launch("munged", command)
        self._wait("munged", lambda: self._succeeds("munge", f"--socket={self.site.munge_socket}", "--no-input"))

    def _start_mariadbd(self) -> None:
        if not any(database.data_folder(self.site).iterdir()):
            database.create(self.site, self.prefix, self._inner_environment)
        self._launch("mariadbd", database.command(self.site))
        self._wait("mariadbd", lambda: self._succeeds(*database.is_up_command(self.site)))
        command, statements = database.prepare_command(self.site)
        self.command(*command, stdin=statements)

    def _start_slurmdbd(self) -> None:
        self._launch("slurmdbd", ["slurmdbd", "-D"])
        self._wait_for_port("slurmdbd", self.site.slurmdbd_port)
        self._wait("slurmdbd", lambda: self._succeeds("sacctmgr", "--noheader", "show", "cluster"))

    def _start_slurmrestd(self) -> None:
        command = ["slurmrestd", "-a", "rest_auth/jwt", f"127.0.0.1:{self.site.rest_port}"]
        if not self.site.accounting:  # else it ends for want of slurmdbd
            command[1:1] = ["-s", "openapi/slurmctld" if self.version() >= (23, 11) else "openapi/v0.0.38"]
        variables = {"SLURM_JWT": "daemon"}
        if os.geteuid() == 0 and self._open_to_all():  # it should be nobody who could act for others by themselves
            command = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", *command]
        else:
            variables["SLURMRESTD_SECURITY"] = "disable_user_check"
        self._launch("slurmrestd", command, **variables)
        self._wait_for_port("slurmrestd", self.site.rest_port)

    def _open_to_all(self) -> bool:
        """Return whether other users of this machine can reach the folder."""
        return all(above.stat().st_mode & stat.S_IXOTH for above in self.folder.parents)

    def _wait_for_nodes(self) -> None:
        def all_idle() -> bool:
            for number in range(1, self.site.nodes + 1):
                if not self.runs("slurmd", number):
                    raise RuntimeError(f"slurmd {number} of {self.name} ended: {self.words(f'slurmd-{number}')}")
            answer = self._try("sinfo", "--noheader", "--states=idle", "--format=%D", timeout=15)
            return sum(map(int, answer.stdout.split())) >= self.site.nodes if answer.returncode == 0 else False

        self._wait("slurmctld", all_idle)

    def _wait_for_port(self, daemon: str, port: int) -> None:
        """Wait until a daemon listens. A client that comes before waits a second and more before it tries again."""

        def listens() -> bool:
            pid = processes.pid_of(self.folder, daemon)
            return pid is not None and processes.listens(pid, port)

        self._wait(daemon, listens)

    def _wait(self, daemon: str, ready: Callable[[], bool]) -> None:
        until = time.monotonic() + START_SECONDS_MAX
        while not ready():
            if processes.pid_of(self.folder, daemon) is None:
                raise RuntimeError(f"{daemon} of {self.name} ended: {self.words(daemon)}")
            if time.monotonic() > until:
                raise RuntimeError(f"{daemon} of {self.name} was not ready in time: {self.words(daemon)}")
            time.sleep(0.01)

    def words(self, daemon: str) -> str:
        """Return the last lines that a daemon said and logged."""
        name = f"slurmd-{self.node_names[int(daemon[7:]) - 1]}" if daemon.startswith("slurmd-") else daemon
        files = [self.folder / "log" / f"{daemon}.words", self.folder / "log" / f"{name}.log"]
        texts = [file.read_text(errors="replace") for file in files if file.exists()]
        return "\n".join("\n".join(text.splitlines()[-10:]) for text in texts)

    # what a test does with it

    def command(self, *command: str | Path, stdin: str = "", user: str | None = None, timeout: float = 120) -> str:
        """Run a command of this cluster and return what it printed; `user` is another user of this machine, for root.

        Raises:
            RuntimeError: its exit status was not 0; says what it said.
        """
        done = self._try(*command, stdin=stdin, user=user, timeout=timeout)
        if done.returncode != 0:
            words = f"{done.stdout}{done.stderr}".strip()
            raise RuntimeError(f"{' '.join(map(str, command))} ended with status {done.returncode}: {words}")
        return done.stdout

    def _try(
        self, *command: str | Path, stdin: str = "", user: str | None = None, timeout: float = 120
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self.prefix, *command],
            env=self._inner_environment | ({"USER": user, "HOME": "/"} if user else {}),
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            user=user,
            extra_groups=[] if user else None,
            timeout=timeout,
            cwd="/",
        )

    def _succeeds(self, *command: str) -> bool:
        return self._try(*command).returncode == 0

    def version(self) -> tuple[int, int]:
        """Return the release of Slurm, for example `(22, 5)`."""
        major, minor, *_ = self.command("slurmd", "-V").split()[1].split(".")
        return int(major), int(minor)

    def pid(self, daemon: str, node: int | None = None) -> int:
        """Return the process id of `munged`, `slurmctld`, `slurmdbd`, `mariadbd`, `slurmrestd`, or a node's `slurmd`.

        Nodes are counted from 1.
        """
        pid = processes.pid_of(self.folder, _daemon(daemon, node))
        assert pid is not None, f"{daemon} of {self.name} does not run: {self.words(_daemon(daemon, node))}"
        return pid

    def runs(self, daemon: str, node: int | None = None) -> bool:
        """Return whether a daemon runs."""
        return processes.pid_of(self.folder, _daemon(daemon, node)) is not None

    def kill(self, daemon: str, node: int | None = None) -> None:
        """Kill a daemon with SIGKILL and wait for its death; what it started lives on."""
        processes.end(self.pid(daemon, node), signal.SIGKILL)

    def restart(self, daemon: str, node: int | None = None) -> None:
        """Start a daemon, after ending it in its own way when it still runs, and wait until it answers."""
        name = _daemon(daemon, node)
        running = processes.pid_of(self.folder, name)
        if running is not None:
            processes.end(running)
        match daemon:
            case "munged":
                self._start_munged()
            case "mariadbd":
                self._start_mariadbd()
            case "slurmdbd":
                self._start_slurmdbd()
            case "slurmrestd":
                self._start_slurmrestd()
            case "slurmctld":
                self._launch(name, ["slurmctld", "-D"])
                self._wait_for_port(name, self.site.slurmctld_port)
                self._wait(name, lambda: self._succeeds("scontrol", "ping"))
            case "slurmd":
                assert node is not None, "name the node, counted from 1"
                self._launch(name, self._slurmd(node))
                self._wait_for_port(name, self.site.node_port(node))
            case _:
                raise ValueError(f"there is no daemon {daemon!r}")

    def start_soon(self, job: str) -> None:
        """Let a requeued job start again in two seconds; Slurm itself waits two minutes.

        In the second of its requeue slurmd would take the new start for the one that it has just killed.
        """
        self.command("scontrol", "update", f"JobId={job}", "StartTime=now+2")

    def add_account(self, name: str, **limits: str | int) -> None:
        """Add an account; `limits` as sacctmgr has them, for example `GrpTRESMins="gres/gpu=10"`."""
        self._add("account", name, *_assignments(limits))

    def add_user(self, user: str, account: str, **limits: str | int) -> None:
        """Let a user submit to an account."""
        self._add("user", user, f"account={account}", *_assignments(limits))

    def _add(self, *what: str) -> None:
        """Have sacctmgr add something; what is there already is there."""
        done = self._try("sacctmgr", "--immediate", "add", *what)
        said = f"{done.stdout}{done.stderr}"
        if done.returncode != 0 and not any(words in said for words in ("Nothing new added", "already exists")):
            raise RuntimeError(f"sacctmgr add {' '.join(what)} ended with status {done.returncode}: {said.strip()}")

    def token(self, user: str, lifespan_seconds: int = 3600) -> str:
        """Return a token with which the REST form takes its bearer for `user`."""
        said = self.command("scontrol", "token", f"username={user}", f"lifespan={lifespan_seconds}")
        return said.strip().removeprefix("SLURM_JWT=")


def _daemon(daemon: str, node: int | None) -> str:
    return f"{daemon}-{node}" if daemon == "slurmd" else daemon


def _assignments(limits: dict[str, str | int]) -> list[str]:
    return [f"{name}={value}" for name, value in limits.items()]
