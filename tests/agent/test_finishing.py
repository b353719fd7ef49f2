"""What an attempt left is uploaded in few requests, and a file that is refused is named without holding up the rest."""

from collections.abc import Mapping
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from fabrica.agent.finishing import packs
from fabrica.values.states import EndReason
from fabrica.wire.agents import AgentSettingsRefused
from fabrica.wire.blobs import PACK_BYTES_MAX, PACKED_FILE_BYTES_MAX, head
from fabrica.wire.problems import Malformed
from fabrica.wire.runs import Artifact
from tests.agent.builders import make_order
from tests.agent.test_loop import House

SIZES = st.lists(st.integers(0, PACKED_FILE_BYTES_MAX * 2), max_size=60)


@given(SIZES)
def test_every_file_is_in_one_pack_and_no_pack_is_larger_than_the_server_takes(sizes: list[int]) -> None:
    files = [Artifact(path=str(number), sha256="0" * 64, bytes=size) for number, size in enumerate(sizes)]
    found = packs(files)
    assert sorted(one.path for pack in found for one in pack) == sorted(one.path for one in files)
    for pack in found:
        large = [one for one in pack if one.bytes > PACKED_FILE_BYTES_MAX]
        assert not large or len(pack) == 1
        assert large or sum(len(head(one.sha256, one.bytes)) + one.bytes for one in pack) <= PACK_BYTES_MAX


def test_the_record_of_a_run_is_uploaded_in_one_request(tmp_path: Path) -> None:
    house = House(tmp_path)
    sent: list[int] = []
    together = house.server.upload_blobs

    def counting(files: Mapping[str, Path]) -> None:
        sent.append(len(files))
        together(files)

    house.server.upload_blobs = counting  # type: ignore[method-assign]
    order = house.server.offer(make_order())
    house.until(lambda: bool(house.engine.starts))
    house.engine.finish(order.attempt)
    house.until(lambda: "ended" in house.server.kinds(order.attempt))
    (event,) = [one for one in house.server.events if one.kind == "artifacts"]
    assert sent == [len({one.sha256 for one in event.artifacts})]
    assert {one.sha256 for one in event.artifacts} == set(house.server.blobs)
    assert house.server.ended(order.attempt).log_dropped_bytes == 7
    house.agent.close()


def test_one_refused_file_is_named_and_the_others_arrive(tmp_path: Path) -> None:
    house = House(tmp_path)
    order = house.server.offer(make_order(outputs=("good.txt", "bad.txt")))
    house.until(lambda: bool(house.engine.starts))
    work = house.engine.starts[0].folder / "work"
    (work / "good.txt").write_text("good")
    (work / "bad.txt").write_text("bad")
    store = house.server.upload_blob

    def strict(sha256: str, source: Path) -> None:
        if source.name == "bad.txt":
            raise Malformed("It was damaged on the way.")
        store(sha256, source)

    house.server.upload_blob = strict  # type: ignore[method-assign]
    house.engine.finish(order.attempt)
    house.until(lambda: "ended" in house.server.kinds(order.attempt))
    sent = [one.path for event in house.server.events for one in event.artifacts]
    assert "good.txt" in sent
    assert "bad.txt" not in sent
    assert "bad.txt" in house.server.ended(order.attempt).words
    assert house.server.ended(order.attempt).reason is EndReason.COMPLETED
    house.agent.close()


def test_no_output_is_lost_while_the_agents_own_key_cannot_be_used(tmp_path: Path) -> None:
    house = House(tmp_path)
    order = house.server.offer(make_order(outputs=("model.txt",)))
    house.until(lambda: bool(house.engine.starts))
    (house.engine.starts[0].folder / "work" / "model.txt").write_text("model")
    one_by_one, together = house.server.upload_blob, house.server.upload_blobs
    tried: list[object] = []

    def keyless(*what: object) -> None:
        tried.append(what)
        raise AgentSettingsRefused("the key file agent.key belongs to root.")

    house.server.upload_blob = keyless  # type: ignore[assignment, method-assign]
    house.server.upload_blobs = keyless  # type: ignore[assignment, method-assign]
    house.engine.finish(order.attempt)
    house.until(lambda: bool(tried))
    house.server.upload_blob = one_by_one  # type: ignore[method-assign]
    house.server.upload_blobs = together  # type: ignore[method-assign]
    house.until(lambda: "ended" in house.server.kinds(order.attempt))
    assert "model.txt" in [one.path for event in house.server.events for one in event.artifacts]
    house.agent.close()
