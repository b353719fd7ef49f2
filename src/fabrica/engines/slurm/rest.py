"""A site's Slurm by slurmrestd with a token: the same questions, and the same doubts about a reply that was lost."""

import getpass
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx

from fabrica.engines.slurm import json_shapes
from fabrica.engines.slurm.controller import Node, Refused, Reservation, Silent, Waiting
from fabrica.engines.slurm.jobs import Garbled, Job, Row
from fabrica.engines.slurm.refusals import is_for_ever
from fabrica.engines.slurm.settings import SlurmSettings
from fabrica.engines.slurm.submission import Submission, array_text, joined, output_pattern

_SPOKEN = tuple(f"v0.0.{minor}" for minor in range(44, 37, -1))
"""Versions of the interface we speak, newest first. Only v0.0.38 was held against a real Slurm."""

_INVALID_JOB = 2017
_NOTHING_FOUND = 9003
_Value = TypeVar("_Value")


class Rest:
    """Asks by HTTP. The token is read from its file each time, so whoever renews it needs tell nobody."""

    def __init__(self, settings: SlurmSettings, *, transport: httpx.BaseTransport | None = None) -> None:
        assert settings.rest_url is not None
        self._settings = settings
        self._http = httpx.Client(
            base_url=settings.rest_url, timeout=settings.command_seconds, transport=transport, trust_env=False
        )
        offered = self._json("GET", "/openapi")
        self._api, self._database = choose_version(_mapping(offered.get("paths")))
        ping = self._json("GET", f"/slurm/{self._api}/ping")
        self.version = json_shapes.version_of(ping)
        self.cluster = ""
        self.has_accounting = self._find_accounting()
        self.array_size_max: int | None = None  # the interface does not tell it
        self.measures_energy = False
        self.hides_reservations: bool | None = None  # the interface does not tell it

    def _find_accounting(self) -> bool:
        if self._settings.accounting is not None:
            return self._settings.accounting
        if not self._database:
            return False
        clusters = self._json("GET", f"/slurmdb/{self._database}/clusters").get("clusters") or []
        self.cluster = str(clusters[0].get("name", "")) if len(clusters) == 1 else ""
        return bool(clusters)

    def counts_gres(self, name: str) -> bool | None:
        return None  # the interface does not tell it

    def begin(self, submission: Submission, *, user: str | None) -> "_Question":
        """Return the one question that submits a job; it is asked as a whole."""
        return _Question(self, submission, user)

    def submit(self, submission: Submission, *, user: str | None) -> str:
        """Submit one job. Any answer but a plain yes or a plain no is a doubt: 408 and 500 came of jobs that ran."""
        body = {"script": submission.script, "job": job_properties(submission, self._api)}
        answer = self._ask("POST", f"/slurm/{self._api}/job/submit", user=user, json=body)
        job = json_shapes.number(answer.get("job_id"))
        told = error_words(answer)
        if job and not told:
            return str(job)
        if is_for_ever(told):
            raise Refused(told)
        raise Silent(told or "slurmrestd told no job id")

    def cancel(self, jobs: Sequence[str], *, user: str | None) -> None:
        """End jobs; slurmrestd takes them one by one."""
        for job in jobs:
            answer = self._ask("DELETE", f"/slurm/{self._api}/job/{job}", user=user)
            told = error_words(answer)
            numbers = [json_shapes.number(one.get("error_number")) for one in _list(answer, "errors")]
            if told and _INVALID_JOB not in numbers and "already" not in told.lower():
                raise Silent(told)

    def queue(self, names: Collection[str]) -> list[Job]:
        """Ask once for all jobs, since the interface picks none by name, and keep ours."""
        answer, now = self._told("GET", f"/slurm/{self._api}/jobs")
        found = [job for job in _list(answer, "jobs") if job.get("name") in names]
        return _read(lambda: [json_shapes.read_job(job, now=now) for job in found])

    def rows(self, names: Collection[str], jobs: Collection[str], *, since: int) -> list[Row]:
        """Ask accounting once; it tells repeated starts by itself."""
        asked = {"job_name": ",".join(sorted(names)), "start_time": f"uts{since}"}
        answer = self._json("GET", f"/slurmdb/{self._database}/jobs", params=asked)
        found = [row for row in _list(answer, "jobs") if row.get("name") in names]
        return _read(lambda: [json_shapes.read_row(row) for row in found])

    def booted_at(self) -> int | None:
        """Ask since when it counts, which is its start or later: it begins anew at midnight."""
        answer = self._json("GET", f"/slurm/{self._api}/diag")
        return json_shapes.instant(_mapping(answer.get("statistics")).get("req_time_start"))

    def nodes(self) -> list[Node]:
        """Ask for partitions, then for nodes."""
        partitions = self._json("GET", f"/slurm/{self._api}/partitions")
        nodes = self._json("GET", f"/slurm/{self._api}/nodes")
        limits = {str(one.get("name")): json_shapes.read_limit(one) for one in _list(partitions, "partitions")}
        return [node for told in _list(nodes, "nodes") for node in json_shapes.read_node(told, limits)]

    def waiting(self) -> list[Waiting]:
        """Ask once for all jobs."""
        answer = self._json("GET", f"/slurm/{self._api}/jobs")
        found = _read(lambda: [json_shapes.read_waiting(job) for job in _list(answer, "jobs")])
        return [one for one in found if one is not None]

    def reservations(self) -> list[Reservation]:
        """Ask once for every reservation."""
        answer = self._json("GET", f"/slurm/{self._api}/reservations")
        return _read(lambda: [json_shapes.read_reservation(one) for one in _list(answer, "reservations")])

    def _json(self, method: str, path: str, *, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        return self._told(method, path, params=params)[0]

    def _told(self, method: str, path: str, *, params: Mapping[str, str] | None = None) -> tuple[dict[str, Any], int]:
        """Ask, and return the answer with the service's clock.

        Raises:
            Silent: there was none, or it tells of an error.
        """
        response = self._send(method, path, params=params)
        answer = _body(response)
        if response.status_code != 200 or (error_words(answer) and not _is_empty(answer)):
            raise Silent(joined([f"slurmrestd answered {response.status_code}.", error_words(answer)]))
        return answer, json_shapes.read_epoch(response.headers.get("date", ""))

    def _ask(self, method: str, path: str, *, user: str | None, json: Any = None) -> dict[str, Any]:
        """Ask for a change, and return what the answer says, whatever its status."""
        response = self._send(method, path, user=user, json=json)
        answer = _body(response)
        if response.status_code != 200 and not error_words(answer):
            raise Silent(f"slurmrestd answered {response.status_code}")
        return answer

    def _send(
        self,
        method: str,
        path: str,
        *,
        user: str | None = None,
        params: Mapping[str, str] | None = None,
        json: Any = None,
    ) -> httpx.Response:
        try:
            return self._http.request(method, path, params=params, json=json, headers=self._headers(user))
        except httpx.HTTPError as trouble:
            raise Silent(f"slurmrestd gave no answer: {type(trouble).__name__}") from trouble

    def _headers(self, user: str | None) -> dict[str, str]:
        """Return the headers that say who asks: the account's own token where one is kept for it."""
        settings = self._settings
        place = settings.rest_token_file
        if user is not None and settings.rest_token_folder is not None:
            place = settings.rest_token_folder / user
        assert place is not None
        try:
            token = place.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as trouble:
            raise Silent(f"the token file {place} cannot be read ({type(trouble).__name__})") from trouble
        return {"X-SLURM-USER-TOKEN": token, "X-SLURM-USER-NAME": user or settings.rest_user or getpass.getuser()}


@dataclass(frozen=True, slots=True)
class _Question:
    """A submission that is not asked yet."""

    rest: Rest
    submission: Submission
    user: str | None

    def finish(self) -> str:
        return self.rest.submit(self.submission, user=self.user)

    def drop(self) -> None:
        """Ask nothing."""


def choose_version(paths: Mapping[str, Any]) -> tuple[str, str]:
    """Return the newest version that both sides speak, of jobs and of accounting; empty: it offers no accounting.

    Raises:
        Silent: there is none in common.
    """
    api = next((one for one in _SPOKEN if f"/slurm/{one}/jobs" in paths or f"/slurm/{one}/jobs/" in paths), "")
    if not api:
        raise Silent(f"slurmrestd offers none of {', '.join(_SPOKEN)}")
    database = api if any(path.rstrip("/") == f"/slurmdb/{api}/jobs" for path in paths) else ""
    return api, database


def job_properties(submission: Submission, api: str) -> dict[str, Any]:
    """Return a submission as the interface takes it. v0.0.38 cannot warn the batch script; the job's own clock does."""
    newer = int(api.rpartition(".")[2]) > 38
    path = "/usr/local/bin:/usr/bin:/bin"
    properties: dict[str, Any] = {
        "name": submission.name,
        "partition": submission.partition,
        "nodes": f"{submission.nodes}" if newer else [submission.nodes, submission.nodes],
        "tasks": submission.nodes,
        "tasks_per_node": 1,
        "cpus_per_task": submission.cpus,
        "memory_per_node": _figure(submission.memory_mib) if newer else submission.memory_mib,
        "time_limit": _figure(submission.minutes) if newer else submission.minutes,
        "open_mode": "append",
        "current_working_directory": submission.folder,
        "environment": [f"PATH={path}"] if newer else {"PATH": path},
        "standard_input": "/dev/null",
        "standard_output": output_pattern(submission),
        "array": array_text(submission),
        "account": submission.account,
        "qos": submission.qos,
        "constraints": submission.constraint,
    }
    if newer:
        properties["requeue"] = submission.requeue
        properties["kill_warning_signal"] = "USR1"
        properties["kill_warning_delay"] = _figure(submission.signal_seconds)
        properties["kill_warning_flags"] = ["BATCH_JOB"]
        properties["tres_per_node"] = f"gres/{submission.gres}" if submission.gres else None
    else:
        properties["gres"] = submission.gres
        properties["requeue" if submission.requeue else "no_requeue"] = True  # a plain false is heard as true
    return {name: value for name, value in properties.items() if value is not None}


def _figure(value: int) -> dict[str, Any]:
    return {"set": True, "infinite": False, "number": value}


def _is_empty(answer: Mapping[str, Any]) -> bool:
    """Say whether an answer tells of no error but that accounting has nothing of the kind."""
    return all(json_shapes.number(one.get("error_number")) == _NOTHING_FOUND for one in _list(answer, "errors"))


def error_words(answer: Mapping[str, Any]) -> str:
    """Return what an answer tells of errors, in one line; empty: of none."""
    errors = _list(answer, "errors")
    return joined(str(one.get("error") or one.get("description") or one.get("error_number")) for one in errors)


def _body(response: httpx.Response) -> dict[str, Any]:
    try:
        return _mapping(response.json())
    except ValueError:
        return {}


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(answer: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    value = answer.get(key)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _read(reader: Callable[[], list[_Value]]) -> list[_Value]:
    try:
        return reader()
    except Garbled as trouble:
        raise Silent(f"slurmrestd told what it never tells: {trouble}") from trouble
