"""Mail scanners open links: only the button acknowledges, signed in or not."""

import re
from datetime import timedelta

from django.test import Client

from tests.web.organization import Stage
from tests.web.screens import link_token
from watchbill.config import secret_key
from watchbill.domain.alerts.models import Alert
from watchbill.domain.audit.models import Entry
from watchbill.domain.paging.links import AcknowledgeLink, make_token, read_token
from watchbill.ground.clock import SystemClock


def test_opening_changes_nothing_and_the_button_acknowledges(organization_on_stage: Stage) -> None:
    token = link_token(organization_on_stage)
    browser = Client(enforce_csrf_checks=True)
    page = browser.get(f"/a/{token}")
    assert page.status_code == 200
    before = set(Alert.objects.filter(state="triggered").values_list("id", flat=True))
    browser.head(f"/a/{token}")
    assert set(Alert.objects.filter(state="triggered").values_list("id", flat=True)) == before

    refused = browser.post(f"/a/{token}")
    assert refused.status_code == 403
    [csrf] = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.content.decode())
    answer = browser.post(f"/a/{token}", {"csrfmiddlewaretoken": csrf})
    assert answer.status_code == 302
    [acknowledged] = before - set(Alert.objects.filter(state="triggered").values_list("id", flat=True))
    entry = Entry.objects.get(subject_id=acknowledged, action="alert.acknowledged")
    assert (entry.via, entry.actor_id) == ("mail-link", organization_on_stage.me.id)
    assert "Nothing here needs you any more" in browser.get(f"/a/{token}").content.decode()


def test_an_altered_or_old_link_says_what_to_do(organization_on_stage: Stage) -> None:
    token = link_token(organization_on_stage)
    now = SystemClock().now()
    link = read_token(token, secret_key=secret_key(), now=now)
    old = make_token(
        AcknowledgeLink(attempt_id=link.attempt_id, user_id=link.user_id),
        secret_key=secret_key(),
        now=now - timedelta(days=2),
    )
    for wrong in (token[:-3] + "AAA", old, "x", "é"):
        answer = Client().get(f"/a/{wrong}")
        assert answer.status_code == 410
        assert "This link does not work" in answer.content.decode()
