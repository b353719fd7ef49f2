"""Links that let anybody read one scenario for a while: signed, so nothing is stored, and withdrawn all at once."""

from datetime import datetime

from django.conf import settings
from django.core import signing
from django.urls import reverse

from fabrica.values.ids import ScenarioId

_SALT = "planning.scenario-link"


def address(scenario: ScenarioId, generation: int, expires_at: datetime) -> str:
    """Return the whole address of a link. `generation`: of the scenario's links; an older one leads nowhere."""
    token = signing.dumps([str(scenario), generation, int(expires_at.timestamp())], salt=_SALT)
    return f"{settings.PUBLIC_URL}{reverse('planning:shared', args=[token])}"


def read(token: str, now: datetime) -> tuple[ScenarioId, int] | None:
    """Return the scenario and the generation that a link names; None when it is forged or over."""
    try:
        scenario, generation, expires_at = signing.loads(token, salt=_SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return (ScenarioId(scenario), generation) if now.timestamp() < expires_at else None
