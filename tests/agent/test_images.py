"""Images of runs: always the bytes that were named, fetched once, and told in the record."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from fabrica.agent.failures import AttemptFailed
from fabrica.agent.folders import SiteFolder
from fabrica.agent.images import image_place
from fabrica.agent.staging import Stage, Staged
from fabrica.values.states import EndReason
from fabrica.wire.agents import WorkOrder
from fabrica.wire.environments import Environment
from fabrica.wire.runs import Dataset
from tests.agent.builders import MemoryServer, make_bundle, make_order, make_settings, sha256
from tests.services.apptainer import Apptainer
from tests.services.registry import registry

IMAGE = "#!/usr/bin/env run-singularity\n\0SIF_MAGIC\0and more"
OF_A_REGISTRY = f"oras://registry.example.eu/team/train@sha256:{'0' * 64}"


def _stage(tmp_path: Path, files: dict[str, str], **settings: Any) -> tuple[Stage, str]:
    site = SiteFolder(tmp_path / "agent")
    site.prepare()
    bundle = make_bundle(files)
    server = MemoryServer(bundles={sha256(bundle): bundle})
    return Stage(site, make_settings(tmp_path, **settings), server, interrupted=lambda: False), sha256(bundle)


def _staged(stage: Stage, order: WorkOrder) -> tuple[Staged, Path]:
    staged = stage.prepare(order)
    place = image_place(order, stage.site.attempt(order.attempt))
    assert place is not None
    return staged, place


def test_an_image_in_the_source_is_told_with_its_own_hash(tmp_path: Path) -> None:
    stage, bundle = _stage(tmp_path, {"images/train.sif": IMAGE})
    order = make_order(bundle_sha256=bundle, environment=Environment(image="images/train.sif"))
    staged, place = _staged(stage, order)
    assert place.read_text() == IMAGE
    assert staged.environment["image"] == {"reference": "images/train.sif", "sha256": sha256(IMAGE.encode())}
    assert "VIRTUAL_ENV" not in staged.variables


def test_an_image_among_the_data_is_cached_as_data_is(tmp_path: Path) -> None:
    (tmp_path / "train.sif").write_text(IMAGE)
    data = Dataset(name="image", source=f"file:{tmp_path}/train.sif", file="train.sif", sha256=sha256(IMAGE.encode()))
    stage, bundle = _stage(tmp_path, {"run.sh": ""}, file_sources=(tmp_path,))
    order = make_order(bundle_sha256=bundle, environment=Environment(image="data:image"), datasets=(data,))
    _, place = _staged(stage, order)
    assert place.read_text() == IMAGE
    assert (stage.site.cache / sha256(IMAGE.encode())).exists()


@pytest.mark.parametrize("files", [{}, {"train.sif": "no image"}])
def test_what_is_missing_or_no_image_fails_with_words(tmp_path: Path, files: dict[str, str]) -> None:
    stage, bundle = _stage(tmp_path, files)
    order = make_order(bundle_sha256=bundle, environment=Environment(image="train.sif"))
    with pytest.raises(AttemptFailed, match=r"train\.sif") as failed:
        stage.prepare(order)
    assert failed.value.reason is EndReason.ENVIRONMENT_FAILED


def test_an_image_of_a_registry_is_fetched_once_by_its_digest_and_a_run_cannot_change_the_kept_one(
    tmp_path: Path,
) -> None:
    program, calls = tmp_path / "apptainer", tmp_path / "calls"
    program.write_text(f'#!/bin/sh\necho "$@" >> {calls}\nprintf "%s" "$(cat {tmp_path}/image)" > "$4"\n')
    (tmp_path / "image").write_text(IMAGE.replace("\0", " "))
    program.chmod(0o755)
    stage, bundle = _stage(tmp_path, {"run.sh": ""}, engine_settings={"apptainer": str(program)})
    orders = [make_order(bundle_sha256=bundle, environment=Environment(image=OF_A_REGISTRY)) for _ in range(2)]
    (_, first), (_, second) = (_staged(stage, order) for order in orders)
    assert len(calls.read_text().splitlines()) == 1
    assert OF_A_REGISTRY in calls.read_text()
    assert not first.samefile(second)
    assert first.read_bytes() == second.read_bytes()


def test_a_registry_that_fails_ends_the_attempt_with_its_words(tmp_path: Path) -> None:
    program = tmp_path / "apptainer"
    program.write_text("#!/bin/sh\necho manifest unknown\nexit 255\n")
    program.chmod(0o755)
    stage, bundle = _stage(tmp_path, {"run.sh": ""}, engine_settings={"apptainer": str(program)})
    with pytest.raises(AttemptFailed, match="manifest unknown") as failed:
        stage.prepare(make_order(bundle_sha256=bundle, environment=Environment(image=OF_A_REGISTRY)))
    assert failed.value.reason is EndReason.ENVIRONMENT_FAILED
    assert not [one for one in stage.site.cache.iterdir() if one.name.startswith(".pull")]


@pytest.mark.parametrize("image", ["docker://alpine:3", "docker://a@sha256:12", "a.img", "library://x/y:1", "data:"])
def test_what_could_change_later_is_no_reference_to_an_image(image: str) -> None:
    with pytest.raises(ValidationError, match="tag alone can change"):
        Environment(image=image)


def test_an_image_and_a_lock_exclude_each_other() -> None:
    with pytest.raises(ValidationError, match="not both"):
        Environment(image="a.sif", lock="requirements.lock")


@pytest.mark.processes
def test_a_real_apptainer_fetches_an_image_by_its_digest_and_refuses_another(
    real_apptainer: Apptainer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with registry(real_apptainer.image, tmp_path) as served:
        monkeypatch.setenv("SSL_CERT_FILE", str(served.certificate))
        settings = {"apptainer": str(real_apptainer.program)}
        stage, bundle = _stage(tmp_path, {"run.sh": ""}, engine_settings=settings)
        order = make_order(bundle_sha256=bundle, environment=Environment(image=served.reference))
        staged, place = _staged(stage, order)
        assert place.read_bytes() == real_apptainer.image.read_bytes()
        assert staged.environment["image"]["reference"] == served.reference
        other = f"{served.reference.partition('@')[0]}@sha256:{'0' * 64}"
        with pytest.raises(AttemptFailed) as failed:
            stage.prepare(make_order(bundle_sha256=bundle, environment=Environment(image=other)))
    assert failed.value.reason is EndReason.ENVIRONMENT_FAILED


@pytest.mark.processes
def test_a_registry_that_gives_other_bytes_than_the_digest_says_is_refused(
    real_apptainer: Apptainer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with registry(real_apptainer.image, tmp_path, harmed=True) as served:
        monkeypatch.setenv("SSL_CERT_FILE", str(served.certificate))
        stage, bundle = _stage(tmp_path, {"run.sh": ""}, engine_settings={"apptainer": str(real_apptainer.program)})
        with pytest.raises(AttemptFailed):
            stage.prepare(make_order(bundle_sha256=bundle, environment=Environment(image=served.reference)))
    assert not [one for one in stage.site.cache.iterdir() if one.suffix != ".lock" and one.name != bundle]
