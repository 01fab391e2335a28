"""What happens to an incident is told to endpoints: signed, in order, once each, and nothing that may not leave."""

import json

import pytest

from tests.harness.carriers import Answer
from tests.harness.event_world import PATH, REPLAY_WINDOW, SECRET_KEY, EventWorld, check
from watchbill.domain.audit.models import Entry
from watchbill.domain.errands import store
from watchbill.domain.event_hooks import actions, reads
from watchbill.domain.event_hooks.collecting import DELIVER, collect
from watchbill.domain.event_hooks.models import EventDelivery
from watchbill.domain.event_hooks.rules import Answered, HookDraft
from watchbill.domain.incidents import ending_actions, room_actions
from watchbill.domain.incidents.brief import facts
from watchbill.domain.incidents.models import Incident
from watchbill.engine.chores import CHORES, Retention
from watchbill.ground.refusals import ChangeRefused, Taken

pytestmark = pytest.mark.django_db(transaction=True)

CANARY = "a leak of customer data 7f3a"


def updates(world: EventWorld, incident: Incident, text: str) -> None:
    room_actions.post_update(incident_id=incident.id, text=text, actor=world.person("engineer"), now=world.now)
    world.settle()


def mitigates(world: EventWorld, incident: Incident) -> None:
    ending_actions.mitigate(incident_id=incident.id, actor=world.person("engineer"), now=world.now)
    world.settle()


def test_the_whole_way_of_an_incident_is_told_in_order_and_once() -> None:
    with EventWorld() as world:
        _, secret = world.listens()
        incident = world.declares("sev3")
        world.answers("primary", incident)
        world.becomes("sev2", incident)
        world.takes("commander", "incident-commander", incident)
        updates(world, incident, "We look into it.\nNext at noon.")
        mitigates(world, incident)
        world.ends(incident)
        came = world.told("hub", secret)
        assert [one.event.removeprefix("incident.") for one in came] == [
            *("declared", "acknowledged", "severity_changed", "role_taken", "updated", "mitigated", "cancelled"),
        ]
        assert len({one.id for one in came}) == len(came)
        assert came[2].body["details"] == {"before": "SEV3", "after": "SEV2", "why": "more is known"}
        assert came[3].body["details"]["people"] == [world.cast.people["commander"].name]
        assert came[4].body["details"]["text"] == "We look into it.\nNext at noon."
        assert came[5].body["incident"]["status"] == "mitigated"
        assert came[0].body["url"] == f"http://watchbill.example.org/incidents/{incident.number}"
        assert came[0].body["drill"] is False
        assert set(came[0].body["incident"]) == set(facts(incident))
        collect(incident.id, world.now)
        world.settle()
        assert len(world.told("hub", secret)) == len(came)


def test_what_a_crash_left_open_is_sent_again_under_the_same_id_and_nothing_else_twice() -> None:
    with EventWorld() as world:
        hook, secret = world.listens()
        incident = world.declares_only("sev4")
        collect(incident.id, world.now)
        [held] = store.claim(now=world.now, kinds=[DELIVER], limit=5)
        step = world.delivering.next_step(hook.id, now=world.now)
        assert step is not None
        world._runner.run(world.delivering.act(step, now=world.now))  # sent; and the worker dies here
        updates(world, incident, "Meanwhile")
        assert len(world.told("hub", secret)) == 1
        world.passes(seconds=store.LEASE.total_seconds())
        came = world.told("hub", secret)
        assert [one.event for one in came] == ["incident.declared", "incident.declared", "incident.updated"]
        assert came[0].id == came[1].id
        assert came[0].raw == came[1].raw
        assert not store.renew(held, now=world.now)
        world.delivering.record(step, Answered(status=200), now=world.now)  # it wakes up too late
        assert world.state() == ["delivered", "delivered"]
        assert EventDelivery.objects.get(id=came[0].id).attempts == 1
        world.ends(incident)


def test_one_that_fails_is_tried_ever_more_rarely_and_those_behind_it_wait() -> None:
    with EventWorld() as world:
        _, secret = world.listens()
        path = f"{PATH}hub"
        world.http.always(Answer(status=500), path=path)
        incident = world.declares("sev4")
        updates(world, incident, "Behind it")
        assert len(world.told("hub", secret)) == 1
        world.passes(seconds=4)
        assert len(world.told("hub", secret)) == 1
        world.passes(seconds=1)
        assert len(world.told("hub", secret)) == 2
        world.passes(minutes=10)
        tried = len(world.told("hub", secret))
        assert 5 <= tried <= 9
        assert {one.event for one in world.told("hub", secret)} == {"incident.declared"}
        world.http.always(Answer(status=429, headers={"Retry-After": "1800"}), path=path)
        world.passes(minutes=11)
        tried = len(world.told("hub", secret))
        world.http.always(Answer(), path=path)
        world.passes(minutes=15)
        assert len(world.told("hub", secret)) == tried
        world.passes(minutes=20)
        assert [one.event for one in world.told("hub", secret)][tried:] == ["incident.declared", "incident.updated"]
        assert world.state() == ["delivered", "delivered"]
        assert world.hook().failing_since is None
        world.ends(incident)


def test_after_three_days_it_is_given_up_and_the_endpoint_left_alone_where_admins_see_it() -> None:
    with EventWorld() as world:
        hook, secret = world.listens()
        world.http.always(Answer.drop(), path=f"{PATH}hub")
        incident = world.declares("sev4")
        world.passes(hours=2)
        assert [one.name for one in reads.in_trouble(now=world.now)] == ["hub"]
        updates(world, incident, "Behind it")
        world.passes(days=3)
        assert world.state() == ["given-up", "pending"]
        assert "nothing was delivered since" in world.hook().paused_why
        assert Entry.objects.filter(action="event_hook.paused", subject_id=hook.id).count() == 1
        tried = len(world.told("hub", secret))
        assert tried < 100
        world.passes(days=1)
        assert len(world.told("hub", secret)) == tried
        world.http.always(Answer(), path=f"{PATH}hub")
        actions.resume(hook.id, actor=world.person("lead"), now=world.now)
        world.settle()
        assert world.state() == ["given-up", "delivered"]
        first = EventDelivery.objects.order_by("entry_id")[0]
        actions.redeliver(hook.id, first.id, actor=world.person("lead"), now=world.now)
        world.settle()
        assert world.state() == ["delivered", "delivered"]
        assert world.told("hub", secret)[-1].id == str(first.id)
        assert reads.in_trouble(now=world.now) == []
        world.expects_log("event_hook.given_up")
        world.expects_log("event_hook.paused")
        world.ends(incident)


def test_one_that_the_receiver_will_never_take_does_not_hold_up_the_others() -> None:
    with EventWorld() as world:
        world.listens()
        world.http.answer_with(*[Answer(status=422)] * 5, path=f"{PATH}hub")
        incident = world.declares("sev4")
        updates(world, incident, "Behind it")
        world.passes(minutes=5)
        assert world.state() == ["given-up", "delivered"]
        assert world.hook().paused_at is None
        world.expects_log("event_hook.given_up")
        world.ends(incident)


def test_whoever_says_that_it_is_gone_is_left_alone_at_once() -> None:
    with EventWorld() as world:
        world.listens()
        world.http.always(Answer(status=410), path=f"{PATH}hub")
        incident = world.declares("sev4")
        assert "answered 410" in world.hook().paused_why
        world.expects_log("event_hook.paused")
        world.ends(incident)


def test_one_endpoint_that_fails_delays_no_other_and_no_page() -> None:
    with EventWorld() as world:
        world.listens("bad")
        _, secret = world.listens("good")
        world.http.always(Answer(status=503), path=f"{PATH}bad")
        incident = world.declares("sev2")
        assert set(world.came()) == {"primary", "manager"}
        assert [one.event for one in world.told("good", secret)] == ["incident.declared"]
        world.ends(incident)


def test_nothing_of_a_restricted_incident_ever_leaves_but_where_an_owner_said_so() -> None:
    with EventWorld() as world:
        _, ordinary = world.listens("ordinary")
        _, marked = world.listens("marked", restricted=True)
        secret = world.declares("sev4", title=CANARY, restricted=True)
        other = world.declares("sev4", title="Checkout is slow")
        updates(world, secret, CANARY)
        later = world.declares("sev4", title=f"{CANARY}, at first not restricted")
        Incident.objects.filter(id=later.id).update(restricted=True)
        world.http.requests = [one for one in world.http.requests if CANARY.encode() not in one.body]
        updates(world, later, CANARY)
        ending_actions.merge(
            incident_id=other.id, into=secret.id, actor=world.person("engineer"), ways=world.ways(), now=world.now
        )
        world.settle()
        told = world.told("ordinary", ordinary)
        assert [one.event for one in told] == ["incident.declared", "incident.merged"]
        assert CANARY.encode() not in b"".join(one.raw for one in told)
        assert told[1].body["incident"]["merged_into"] is None
        assert "into" not in told[1].body["details"]
        assert CANARY in json.dumps([one.body for one in world.told("marked", marked)])
        world.ends(secret)
        world.ends(later)


def test_what_became_restricted_while_it_waited_is_withheld_and_forgotten() -> None:
    with EventWorld() as world:
        hook, secret = world.listens()
        actions.pause(hook.id, actor=world.person("lead"), now=world.now)
        incident = world.declares("sev4", title=CANARY)
        Incident.objects.filter(id=incident.id).update(restricted=True)
        actions.resume(hook.id, actor=world.person("lead"), now=world.now)
        world.settle()
        assert world.told("hub", secret) == []
        [row] = EventDelivery.objects.all()
        assert (row.state, row.payload) == ("withheld", {})
        with pytest.raises(ChangeRefused, match="restricted"):
            actions.redeliver(hook.id, row.id, actor=world.person("lead"), now=world.now)
        world.ends(incident)


def test_a_drill_says_so() -> None:
    with EventWorld() as world:
        _, secret = world.listens()
        incident = world.declares("sev4", drill=True)
        [came] = world.told("hub", secret)
        assert came.body["drill"] is True
        assert came.body["incident"]["drill"] is True
        world.ends(incident)


def test_only_what_was_chosen_is_told_and_nothing_from_before() -> None:
    with EventWorld() as world:
        before = world.declares("sev4", title="Before anybody listened")
        world.passes(seconds=1)
        search = world.another_service("search")
        hook, secret = world.listens(events=("incident.declared", "incident.severity_changed"), severities=("sev2",))
        _, of_search = world.listens("search", service_name="search")
        one = world.declares("sev4", title="Small at first")
        world.becomes("sev2", one)
        world.becomes("sev3", one)
        updates(world, one, "Not chosen")
        world.declares("sev3", title="Search", service=search)
        assert [one.event for one in world.told("hub", secret)] == ["incident.severity_changed"] * 2
        assert [one.body["incident"]["title"] for one in world.told("search", of_search)] == ["Search"]
        world.passes(seconds=1)
        wider = HookDraft(name="hub", url=hook.url, events=("incident.updated",))
        actions.change(hook.id, wider, actor=world.person("lead"), now=world.now)
        updates(world, before, "After the change")
        assert [one.event for one in world.told("hub", secret)][2:] == ["incident.updated"]
        assert world.told("hub", secret)[-1].body["details"]["text"] == "After the change"
        for incident in Incident.objects.all():
            world.ends(incident)


def test_a_secret_is_renewed_without_a_gap() -> None:
    with EventWorld() as world:
        hook, old = world.listens()
        incident = world.declares("sev4")
        assert len(world.told("hub", old)) == 1
        world.http.clear()
        new = actions.renew_secret(hook.id, secret_key=SECRET_KEY, actor=world.person("lead"), now=world.now)
        updates(world, incident, "Signed by both")
        assert len(world.told("hub", old, new)) == 1
        world.passes(days=1)
        world.http.clear()
        world._seen = 0
        updates(world, incident, "Signed by the new one")
        assert len(world.told("hub", new)) == 1
        [request] = world.http.to(f"{PATH}hub")
        assert abs(check(request, [new]) - world.now) < REPLAY_WINDOW
        assert old not in repr(Entry.objects.filter(subject_id=hook.id).values_list("details", flat=True))
        world.ends(incident)


def test_what_cannot_be_an_endpoint_is_refused_with_the_remedy() -> None:
    with EventWorld() as world:
        hook, _ = world.listens()
        good = {"name": "another", "url": "https://example.org/in", "events": ("incident.declared",)}
        for field, value in (
            ("name", " "),
            ("url", "ftp://example.org"),
            ("url", "https://user:pass@example.org/"),
            ("events", ()),
            ("events", ("incident.exploded",)),
            ("service_name", "nothing"),
        ):
            with pytest.raises(ChangeRefused) as refused:
                actions.add(
                    HookDraft(**{**good, field: value}),  # type: ignore[arg-type]
                    secret_key=SECRET_KEY,
                    actor=world.person("lead"),
                    now=world.now,
                )
            assert refused.value.field == field.removesuffix("_name")
        with pytest.raises(Taken):
            world.listens()
        actions.remove(hook.id, actor=world.person("lead"), now=world.now)
        world.listens()


def test_old_deliveries_go_by_a_chore_and_are_not_sent_again() -> None:
    with EventWorld() as world:
        _, secret = world.listens()
        incident = world.declares("sev4")
        world.ends(incident)
        told = len(world.told("hub", secret))
        world.pauses(days=91)
        chore = next(one for one in CHORES if one.name == "event-deliveries")
        chore.run(world.now, Retention(events=world.now - world.now))
        assert not EventDelivery.objects.exists()
        collect(incident.id, world.now)
        world.settle()
        assert len(world.told("hub", secret)) == told
