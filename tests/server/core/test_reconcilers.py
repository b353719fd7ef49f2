"""Loops of the core: what is over is forgotten, what is not stays."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session

from fabrica.server.core import clock
from fabrica.server.core.reconcilers import forget_ended_sessions


@pytest.mark.django_db
def test_ended_sessions_are_forgotten_and_others_stay() -> None:
    for key, hours in (("ended", -1), ("open", 1)):
        Session.objects.create(session_key=key, session_data="", expire_date=clock.now() + timedelta(hours=hours))
    assert forget_ended_sessions() == 1
    assert list(Session.objects.values_list("session_key", flat=True)) == ["open"]
