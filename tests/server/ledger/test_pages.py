"""Operators propose and decide on a page; auditors read it; nobody else does."""

import pytest

from fabrica.server.core.actors import NetworkRole
from fabrica.server.ledger import queries
from fabrica.server.ledger.models import Correction, Transfer
from tests.builders import make_allocation, make_operator, make_project, make_user
from tests.server.readers import browser

pytestmark = pytest.mark.django_db
PAGE = "/office/corrections"


def test_one_operator_proposes_and_another_approves() -> None:
    project = make_project()
    allocation = make_allocation(project, 100)
    one, two = browser(make_operator()), browser(make_operator())
    assert "Correct</a>" in one.get(f"/projects/{project}").content.decode()
    grant = Transfer.objects.get(book=allocation).id
    body = {"transfer": grant, "device_seconds": "40.5", "reason": "Wrong <award>."}
    assert f'value="{grant}"' in one.get(PAGE, {"transfer": grant}).content.decode()
    assert one.post(PAGE, body | {"transfer": "trf_x"}).status_code == 422
    assert one.post(PAGE, body).headers["Location"] == PAGE
    assert one.post(PAGE, body).status_code == 422
    decide = f"{PAGE}/{Correction.objects.get().pk}/decide"
    assert "Wrong &lt;award&gt;." in two.get(PAGE).content.decode()
    assert one.post(decide, {"decision": "approve"}).status_code == 409
    assert two.post(decide, {"decision": "refuse"}).status_code == 422
    assert two.post(decide, {"decision": "approve"}).headers["Location"] == PAGE
    assert queries.balance(allocation).granted_milliseconds == 40_500


def test_nobody_else_proposes_or_decides() -> None:
    auditor = browser(make_user(network_role=NetworkRole.AUDITOR))
    assert auditor.get(PAGE).status_code == 200
    body = {"transfer": "trf_01jd0000000000000000000000", "device_seconds": "1", "reason": "Mine."}
    assert auditor.post(PAGE, body).status_code == 422
    assert browser(make_user()).get(PAGE).status_code == 403
    assert browser().get(PAGE).status_code == 302
    decide = f"{PAGE}/cor_01jd0000000000000000000000/decide"
    for decision in ("approve", "refuse"):
        assert browser(make_user()).post(decide, {"decision": decision, "words": "No."}).status_code == 403
        assert browser().post(decide, {"decision": decision}).status_code == 302
    assert browser(make_operator()).post(decide, {"decision": "approve"}).status_code == 404
    assert not Correction.objects.exists()
