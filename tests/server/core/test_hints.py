"""A hint wakes who waits, once its change is committed; none that comes between is missed."""

import threading

import pytest
from django.db import transaction
from pytest_django import DjangoCaptureOnCommitCallbacks

from fabrica.server.core import hints

pytestmark = pytest.mark.django_db


def test_a_hint_before_the_wait_is_not_missed(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    seen = hints.seen("topic")
    with django_capture_on_commit_callbacks(execute=True):
        hints.hint("topic")
    assert hints.wait("topic", seen, 0)


def test_a_hint_of_a_change_that_is_undone_wakes_nobody(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    seen = hints.seen("topic")
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        hints.hint("topic")
        transaction.set_rollback(True)
    assert not hints.wait("topic", seen, 0)


def test_a_hint_wakes_a_waiting_thread(django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks) -> None:
    woken: list[bool] = []
    seen = hints.seen("other")
    waiter = threading.Thread(target=lambda: woken.append(hints.wait("other", seen, 30)))
    waiter.start()
    with django_capture_on_commit_callbacks(execute=True):
        hints.hint("other")
    waiter.join(30)
    assert woken == [True]


def test_another_topic_wakes_nobody(django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks) -> None:
    seen = hints.seen("mine")
    with django_capture_on_commit_callbacks(execute=True):
        hints.hint("yours")
    assert not hints.wait("mine", seen, 0)
