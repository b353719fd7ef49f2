"""What agents call: one exchange, the bundles they run, the files they leave."""

import time
from collections.abc import Sequence

from django.db import DataError
from django.http import StreamingHttpResponse
from ninja import Router
from ninja.decorators import decorate_view

from fabrica.server.core import clock, hints
from fabrica.server.core.actors import Actor
from fabrica.server.core.kept import kept_together
from fabrica.server.core.requests import Asked, body_of
from fabrica.server.core.storage import open_storage
from fabrica.server.runs import agent_queries, rules, service, uploads
from fabrica.server.sites import queries as sites
from fabrica.server.sites import service as sites_service
from fabrica.wire.agents import Event, SyncAnswer, SyncRequest
from fabrica.wire.blobs import PACK_BYTES_MAX, PACKED_FILE_BYTES_MAX, unpack
from fabrica.wire.problems import FabricaError, NotFound

router = Router(tags=["agents"])
OUTPUT_BYTES_MAX = 512 * 2**20


@router.post("/sync", response=SyncAnswer)
@decorate_view(sites_service.signed)
def sync(request: Asked, body: SyncRequest) -> SyncAnswer:
    """Take in an agent's word and answer with work and cancels; without news, wait up to `wait_seconds` for some."""
    by = request.auth
    assert by.site is not None, "an agent has a site"
    until = time.monotonic() + body.wait_seconds
    seen = hints.seen(f"site:{by.site}")
    with kept_together():  # the events' numbers and their effects are stored together or not at all
        _record(by, sites_service.hear(by, request=body))
    answer = orders(request, body)
    while not (answer.leases or answer.cancels or answer.forget or body.events or hints.ending()):
        if (left := until - time.monotonic()) <= 0:
            break
        hints.wait(f"site:{by.site}", seen, min(left, hints.poll_seconds()))
        seen = hints.seen(f"site:{by.site}")
        answer = orders(request, body)
    return answer


def _record(by: Actor, events: Sequence[Event]) -> None:
    """Record events; one that cannot be is noted instead, for it would come again and stop the rest."""
    if not events:
        return
    try:
        service.record(by, events=events)
    except (FabricaError, DataError, OverflowError) as error:
        if len(events) == 1:
            service.refuse_event(by, event=events[0], words=str(error)[:1000])
            return
        for part in rules.parted(events):
            _record(by, part)


def orders(request: Asked, body: SyncRequest) -> SyncAnswer:
    """Return what the agent is to take, stop and forget now."""
    by = request.auth
    assert by.site is not None, "an agent has a site"
    now = clock.now()
    return SyncAnswer(
        protocol=body.protocol,
        site=by.site,
        acknowledged=sites.acknowledged(by),
        leases=agent_queries.leases(by, now, body.capacity, body.attempts),
        cancels=agent_queries.cancels(by, body.attempts),
        forget=agent_queries.forgettable(by, body.attempts),
        server_time=now,
    )


@router.get("/bundles/{sha256}")
def bundle(request: Asked, sha256: str) -> StreamingHttpResponse:
    """The source bundle of a run that was given to the agent's site."""
    if not agent_queries.may_read_bundle(request.auth, sha256):
        raise NotFound("No run of this site has that bundle.")
    response = StreamingHttpResponse(open_storage().read(sha256), content_type="application/octet-stream")
    response["Content-Length"] = str(open_storage().size(sha256))
    return response


@router.put("/blobs", response={204: None})
def put_blobs(request: Asked) -> None:
    """Upload several small output or record files in one body, each under its SHA-256."""
    storage, hashes = open_storage(), []
    for sha256, content in unpack(b"".join(body_of(request, PACK_BYTES_MAX))):
        storage.store(sha256, (content,), PACKED_FILE_BYTES_MAX)
        hashes.append(sha256)
    uploads.note(request.auth, hashes=hashes)


@router.put("/blobs/{sha256}", response={204: None})
def put_blob(request: Asked, sha256: str) -> None:
    """Upload one output or record file under its SHA-256."""
    open_storage().store(sha256, body_of(request, OUTPUT_BYTES_MAX), OUTPUT_BYTES_MAX)
    uploads.note(request.auth, hashes=[sha256])
