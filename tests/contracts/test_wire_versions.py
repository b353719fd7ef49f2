"""Agents and servers of neighbouring versions understand each other: the golden messages of every wire version."""

import json
from typing import Any

import pytest

from fabrica.server.sites import rules
from fabrica.wire.agents import PROTOCOL, SyncAnswer, SyncRequest
from tests.contracts.golden import FOLDER, MESSAGES, file, written

KINDS: dict[str, type[SyncRequest] | type[SyncAnswer]] = {"sync-request": SyncRequest, "sync-answer": SyncAnswer}
SPOKEN = sorted(rules.PROTOCOLS)


def read(name: str, text: str) -> SyncRequest | SyncAnswer:
    """Read a message as the server reads an agent's, and an agent the server's."""
    return KINDS[name].model_validate_json(text, extra="ignore")


@pytest.mark.parametrize("name", MESSAGES)
def test_what_this_version_writes_is_the_golden_message(name: str) -> None:
    assert written(MESSAGES[name]()) == file(name).read_text(encoding="utf-8"), (
        "A message has changed. If older readers understand it still, write it anew: python -m tests.contracts.golden. "
        "If they do not, it is a new protocol."
    )


def test_this_version_and_the_one_before_are_spoken() -> None:
    assert SPOKEN == [PROTOCOL - 1, PROTOCOL]
    assert sorted(folder.name for folder in FOLDER.iterdir()) == [f"protocol-{one}" for one in range(1, PROTOCOL + 1)]


@pytest.mark.parametrize("protocol", SPOKEN)
@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_of_each_spoken_protocol_is_read_whole(name: str, protocol: int) -> None:
    text = file(name, protocol).read_text(encoding="utf-8")
    message = read(name, text)
    assert message.protocol == protocol
    lost = _paths(json.loads(text)) - _paths(message.model_dump(mode="json"))
    assert lost <= GONE


GONE = {"inventory.partitions.wait_q50_seconds", "inventory.partitions.wait_q90_seconds"} | {
    "inventory.partitions.wait_samples"
}
"""What older agents tell and this server reads no more."""


@pytest.mark.parametrize("protocol", SPOKEN)
def test_the_answer_has_all_that_an_older_agent_reads(protocol: int) -> None:
    """An agent stops at a field that is missing, never at one too many."""
    older = json.loads(file("sync-answer", protocol).read_text(encoding="utf-8"))
    today = MESSAGES["sync-answer"]().model_dump(mode="json")
    assert _paths(older) <= _paths(today)


@pytest.mark.parametrize("name", MESSAGES)
def test_fields_of_a_newer_version_are_ignored_wherever_they_stand(name: str) -> None:
    message = MESSAGES[name]()
    newer = _with_more(json.loads(message.model_dump_json()))
    assert read(name, json.dumps(newer)) == message


def _paths(value: Any, at: str = "") -> set[str]:
    """Return the names of all fields, with those they stand in; a list is as one of its kind."""
    if isinstance(value, dict):
        return {path for key, one in value.items() for path in ({f"{at}{key}"} | _paths(one, f"{at}{key}."))}
    if isinstance(value, list):
        return {path for one in value for path in _paths(one, at)}
    return set()


def _with_more(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _with_more(one) for key, one in value.items()} | {"of_a_newer_version": {"deep": [1]}}
    return [_with_more(one) for one in value] if isinstance(value, list) else value
