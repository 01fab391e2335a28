"""The form of a declaration says that a severity is missing, and a title that was emptied stays empty."""

import pytest
from django.test import Client

from tests.web.organization import Stage

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_emptied_title_does_not_come_back_from_the_alert(organization_on_stage: Stage) -> None:
    client = Client()
    client.force_login(organization_on_stage.people["first"])
    alert = organization_on_stage.alerts["live"]
    offered = client.get(f"/incidents/new?alert={alert.id}").content.decode()
    assert f'name="title" value="{alert.summary[:20]}' in offered
    answer = client.post("/incidents/new", {"alert": str(alert.id), "title": "", "severity": ""})
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert "Choose a severity; when in doubt, the higher" in shown
    assert 'name="title" value=""' in shown
    assert ">Cancel</a>" in shown
