"""Canary words stand in everything internal; none of them is in any file, feed, document, mail or call."""

import pytest

from tests.harness.status_page_world import SECRET_KEY, StatusPageWorld
from watchbill.domain.incidents import room_actions
from watchbill.domain.services.maintenance_actions import plan_maintenance
from watchbill.domain.services.models import Service
from watchbill.domain.status_page import actions, component_actions, reads
from watchbill.domain.status_page.models import Notice, Subscriber
from watchbill.domain.status_page.subscriber_actions import confirm, subscribe_email, subscribe_webhook
from watchbill.ground.refusals import ChangeRefused

pytestmark = pytest.mark.django_db(transaction=True)
CANARY = "canary"


def test_no_canary_sings() -> None:
    with StatusPageWorld() as world:
        _hide_canaries(world)
        for address in ("ann@example.org", "canary-of-another@example.org"):
            subscribe_email(address, now=world.now)
        subscribe_webhook("https://example.org/hook", secret_key=SECRET_KEY, now=world.now)
        Subscriber.objects.filter(kind="webhook").update(address=f"{world.http.url}/customer")
        Notice.objects.all().delete()  # the questions; how they are answered is another story
        for row in Subscriber.objects.all():
            confirm(row.id, now=world.now)
        inner = world.declares("sev1", title="canary-title db-7", summary="canary-summary")
        room_actions.write(incident_id=inner.id, text="canary-room", actor=world.person("engineer"), now=world.now)
        room_actions.post_update(
            incident_id=inner.id, text="canary-internal-update", actor=world.person("engineer"), now=world.now
        )
        world.publishes(
            "investigating",
            "Payments are slow.",
            incident=inner,
            settle=False,
            Checkout="degraded_performance",
            **{"canary-hidden": "major_outage", "canary-removed": "operational"},
        )
        component_actions.remove_component(
            world.components["canary-removed"], actor=world.person("comms"), now=world.now
        )
        wrong = world.publishes("identified", "canary-retracted words", incident=inner, settle=False)
        actions.retract(update_id=wrong.id, why="canary-why", actor=world.person("comms"), now=world.now)
        early = world.publishes("identified", "canary-before-correction", title="Other", settle=False)
        actions.correct(update_id=early.id, body="The right words.", actor=world.person("comms"), now=world.now)
        world.settle()

        files = world.everything()
        assert len(files) > 15
        for path, content in files.items():
            _is_silent(content, path)
        assert b"Payments are slow." in files["index.html"]
        mails = [mail for mail in world.mail.mails if mail.message["X-Watchbill"] == "status-page"]
        assert {mail.recipients[0] for mail in mails} == {"ann@example.org", "canary-of-another@example.org"}
        for mail in mails:
            if mail.recipients[0] == "ann@example.org":
                _is_silent(mail.content, str(mail.message["Subject"]))
                _is_silent(mail.message.get_body(("plain",)).get_content().encode(), "its text")
        calls = world.http.to("/customer")
        assert len(calls) == 2
        for call in calls:
            _is_silent(call.body, "a call")
        assert reads.page() is not None
        for text in (*(path for path in files), *(content.decode("utf-8", "replace") for content in files.values())):
            assert str(inner.id) not in text
            assert inner.id.hex not in text
            assert f"#{inner.number}" not in text
        world.has_looked()
        world.ends(inner)


def _hide_canaries(world: StatusPageWorld) -> None:
    Service.objects.create(name="canary-service", created_at=world.now)
    world.adds("canary-hidden", shown=False, group="canary-group", description="canary-description")
    world.adds("canary-removed")
    plan_maintenance(
        world.cast.service.id,
        starts_at=world.now,
        ends_at=world.now.replace(hour=23),
        reason="canary-window",
        actor=world.person("comms"),
        now=world.now,
    )
    secret = world.declares("sev3", title="canary-restricted", restricted=True)
    with pytest.raises(ChangeRefused):
        world.publishes("investigating", "canary-refused", incident=secret)
    world.ends(secret)


def _is_silent(content: bytes, where: str) -> None:
    assert CANARY.encode() not in content.lower(), where
