"""Who may run a bundle by its hash: knowing the hash is not enough."""

import pytest

from fabrica.server.core.actors import Actor
from fabrica.server.runs import bundles, service, uploads
from fabrica.server.runs.models import Run
from fabrica.values.ids import ProjectId
from fabrica.wire.runs import BundleMissing
from tests.builders import (
    make_allocation,
    make_member,
    make_operator,
    make_project,
    make_run,
    make_spec,
    make_user,
)

pytestmark = pytest.mark.django_db


def test_a_person_who_only_knows_the_hash_of_anothers_source_cannot_run_it(
    lead: Actor, project: ProjectId, agent: Actor
) -> None:
    make_run(lead, project)
    spec = make_spec()
    stranger = make_user("A stranger with a project of their own")
    own = make_project(stranger)
    make_allocation(own)
    before = Run.objects.count()
    with pytest.raises(BundleMissing):  # the same words as for a hash that nobody knows
        service.submit(stranger, project=own, spec=spec)
    assert Run.objects.count() == before
    uploads.note(stranger, hashes=[spec.bundle_sha256])  # they had all of it themselves
    assert service.submit(stranger, project=own, spec=spec)


def test_who_works_in_a_project_that_ran_a_bundle_may_run_it_again_and_who_only_reads_or_left_may_not(
    lead: Actor, project: ProjectId, agent: Actor
) -> None:
    make_run(lead, project)
    sha256 = make_spec().bundle_sha256
    assert bundles.may_run(make_member(project, "member"), sha256)
    for other in (make_member(project, "reader"), make_user(), make_operator(), agent):
        assert not bundles.may_run(other, sha256)


def test_a_bundle_that_is_gone_from_the_storage_is_run_by_nobody(lead: Actor, project: ProjectId) -> None:
    uploads.note(lead, hashes=["0" * 64])
    assert not bundles.may_run(lead, "0" * 64)
