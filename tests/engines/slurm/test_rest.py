"""Slurm by slurmrestd: a plain yes, a plain no, and everything else a doubt."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from fabrica.engines.slurm.controller import Refused, Silent
from fabrica.engines.slurm.rest import Rest, choose_version, job_properties
from fabrica.engines.slurm.settings import SlurmPartition, SlurmSettings
from fabrica.engines.slurm.submission import Submission

_JOB = Submission("fab-att_a", "/site/a", "#!/bin/sh\n", "gpu", 2, 4, 64, 3, 90, gres="gpu:h100:2")


def _rest(folder: Path, answer: httpx.Response | Exception, **settings: Any) -> tuple[Rest, list[httpx.Request]]:
    asked: list[httpx.Request] = []

    def serve(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if request.url.path == "/openapi":
            return httpx.Response(200, json={"paths": {"/slurm/v0.0.38/jobs": {}}})
        if request.url.path.endswith("/ping"):
            return httpx.Response(200, json={"meta": {"Slurm": {"release": "22.05.8"}}, "errors": []})
        if isinstance(answer, Exception):
            raise answer
        return answer

    (folder / "token").write_text("first\n")
    made = SlurmSettings(
        partitions=(SlurmPartition(name="gpu"),),
        form="rest",
        rest_url="http://rest",
        rest_token_file=folder / "token",
        **settings,
    )
    return Rest(made, transport=httpx.MockTransport(serve)), asked


def test_a_plain_yes_is_the_jobs_id(tmp_path: Path) -> None:
    rest, asked = _rest(tmp_path, httpx.Response(200, json={"job_id": 12, "errors": []}))
    assert rest.submit(_JOB, user=None) == "12"
    sent = json.loads(asked[-1].content)
    assert (sent["job"]["name"], sent["job"]["gres"]) == ("fab-att_a", "gpu:h100:2")


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(408),
        httpx.Response(500, json={"errors": [{"error": "Unspecified error"}]}),
        httpx.Response(401),
        httpx.Response(200, json={}),
        httpx.Response(200, text="<html>"),
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
    ],
)
def test_any_other_answer_is_a_doubt(tmp_path: Path, answer: httpx.Response | Exception) -> None:
    rest, _ = _rest(tmp_path, answer)
    with pytest.raises(Silent):
        rest.submit(_JOB, user=None)


def test_a_plain_no_is_a_refusal(tmp_path: Path) -> None:
    rest, _ = _rest(tmp_path, httpx.Response(500, json={"errors": [{"error": "Invalid partition name specified"}]}))
    with pytest.raises(Refused, match="Invalid partition"):
        rest.submit(_JOB, user=None)


def test_a_job_that_is_gone_needs_no_end(tmp_path: Path) -> None:
    gone = {"errors": [{"error_number": 2017, "error": "Invalid job id specified"}]}
    rest, asked = _rest(tmp_path, httpx.Response(500, json=gone))
    rest.cancel(["12"], user=None)
    assert asked[-1].method == "DELETE"


def test_each_account_asks_with_its_own_token_and_a_renewed_one_counts_at_once(tmp_path: Path) -> None:
    (tmp_path / "ada").write_text("adas")
    rest, asked = _rest(
        tmp_path, httpx.Response(200, json={"job_id": 1}), rest_token_folder=tmp_path, rest_user="agent"
    )
    rest.submit(_JOB, user="ada")
    assert (asked[-1].headers["X-SLURM-USER-NAME"], asked[-1].headers["X-SLURM-USER-TOKEN"]) == ("ada", "adas")
    (tmp_path / "token").write_text("second\n")
    rest.submit(_JOB, user=None)
    assert (asked[-1].headers["X-SLURM-USER-NAME"], asked[-1].headers["X-SLURM-USER-TOKEN"]) == ("agent", "second")


def test_an_account_without_a_token_asks_nothing(tmp_path: Path) -> None:
    rest, asked = _rest(tmp_path, httpx.Response(200, json={"job_id": 1}), rest_token_folder=tmp_path)
    before = len(asked)
    with pytest.raises(Silent, match="token file"):
        rest.submit(_JOB, user="nobody-here")
    assert len(asked) == before


def test_the_newest_version_in_common_is_spoken() -> None:
    paths = dict.fromkeys(
        ("/slurm/v0.0.36/jobs", "/slurm/v0.0.40/jobs/", "/slurm/v0.0.41/jobs/", "/slurmdb/v0.0.41/jobs/")
    )
    assert choose_version(paths) == ("v0.0.41", "v0.0.41")
    with pytest.raises(Silent, match="offers none"):
        choose_version({"/slurm/v0.0.36/jobs": {}})


def test_newer_versions_take_figures_as_tables() -> None:
    assert job_properties(_JOB, "v0.0.38")["time_limit"] == 3
    assert job_properties(_JOB, "v0.0.38")["no_requeue"] is True  # this version hears a plain false as true
    newer = job_properties(_JOB, "v0.0.41")
    assert newer["requeue"] is False
    assert newer["time_limit"] == {"set": True, "infinite": False, "number": 3}
    assert newer["tres_per_node"] == "gres/gpu:h100:2"


def test_an_accounting_that_has_nothing_is_empty_and_not_silent(tmp_path: Path) -> None:
    nothing = {"errors": [{"error_number": 9003, "error": "Nothing found with query"}], "jobs": []}
    rest, _ = _rest(tmp_path, httpx.Response(200, json=nothing))
    assert rest.rows({"fab-att_a"}, (), since=0) == []
    broken = {"errors": [*nothing["errors"], {"error_number": 1, "error": "Unspecified error"}], "jobs": []}
    rest, _ = _rest(tmp_path, httpx.Response(200, json=broken))
    with pytest.raises(Silent, match="Unspecified"):
        rest.rows({"fab-att_a"}, (), since=0)
