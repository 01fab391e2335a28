"""When the room of an incident opens it gets the first free bridge, which no other incident has until it ends."""

import threading

import pytest
from django.db import IntegrityError, connection, transaction

from tests.harness.bridge_world import BridgeWorld
from watchbill.domain.audit.models import Entry
from watchbill.domain.bridges.actions import GiveBridge
from watchbill.domain.bridges.models import BridgeUse
from watchbill.domain.bridges.pool_actions import change_bridge, draft_of, remove_bridge
from watchbill.domain.bridges.reads import pool
from watchbill.domain.incidents import actions, ending_actions
from watchbill.domain.incidents.models import Incident
from watchbill.domain.incidents.reads import EVERYTHING
from watchbill.ground.refusals import ChangeRefused

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_first_of_the_pool_is_given_when_the_room_opens_and_stands_on_the_timeline() -> None:
    with BridgeWorld() as world:
        world.keeps("Second", order=20)
        world.keeps("First", order=10)
        world.keeps_a_phone()
        incident = world.declares("sev1")
        assert world.names(incident) == ("First", "Conference")
        held = world.bridge(incident)
        assert held.voice is not None
        assert held.voice.url == "https://zoom.us/j/First"
        assert held.backup is not None
        assert (held.backup.phone, held.backup.pin) == ("+49 30 1234567", "4711")
        assert held.backup.tel == "tel:+49301234567,,4711#"
        assert world.bridge_entries(incident) == [("opened", "")]
        assert _evidence(incident) == "The room is the incident's own page; the bridge is First, Conference"
        world.ends(incident)


def test_the_step_that_opens_them_says_when_there_is_no_bridge() -> None:
    with BridgeWorld() as world:
        incident = world.declares("sev1")
        assert _evidence(incident) == "The room is the incident's own page; no bridge is set up"
        world.keeps("Late")
        world.changes(incident, url="https://meet.example.org/here")
        assert _evidence(incident) == "The room is the incident's own page; the bridge is link given by hand"
        world.ends(incident)


def _evidence(incident: Incident) -> str:
    return incident.steps_done.get(step="open-room").evidence


def test_without_an_open_room_there_is_none_until_somebody_opens_it() -> None:
    with BridgeWorld() as world:
        world.keeps("First")
        incident = world.declares("sev2")
        assert world.names(incident) == ("", "")
        actions.open_room(incident_id=incident.id, actor=world.person("engineer"), ways=world.ways(), now=world.now)
        world.settle()
        assert world.names(incident) == ("First", "")
        world.ends(incident)


def test_a_busy_pool_says_who_has_it_and_takes_the_phone_until_a_bridge_is_free_again() -> None:
    with BridgeWorld() as world:
        world.keeps("Only")
        world.keeps_a_phone()
        first = world.declares("sev1")
        second = world.declares("sev1", title="Search is down")
        assert world.names(first) == ("Only", "")
        assert world.names(second) == ("", "Conference")
        assert world.bridge_entries(first)[-1] == ("yielded", f"#{second.number} has no other bridge")
        assert world.bridge_entries(second) == [("opened", f"every voice bridge is in use by #{first.number}")]
        world.ends(first)
        assert world.names(first) == ("", "")
        assert world.names(second) == ("Only", "Conference")
        world.ends(second)
        assert not BridgeUse.objects.filter(freed_at=None).exists()


def test_when_nothing_at_all_is_free_the_timeline_says_so_once() -> None:
    with BridgeWorld() as world:
        world.keeps("Only")
        first, second = world.declares("sev1"), world.declares("sev1", title="Search is down")
        world.answers("engineer", second)
        assert world.bridge_entries(second) == [("missing", f"every voice bridge is in use by #{first.number}")]
        world.ends(first)
        assert world.names(second) == ("Only", "")
        world.ends(second)


def test_a_link_with_a_name_in_it_never_runs_out_and_nobody_guesses_the_room() -> None:
    with BridgeWorld() as world:
        world.keeps("Jitsi", kind="jitsi", url="https://meet.example.org/{name}")
        held = [world.declares("sev1", title=f"Outage {number}") for number in range(3)]
        urls = [one.voice.url for one in map(world.bridge, held) if one.voice]
        assert len(set(urls)) == 3
        assert urls[0].startswith(f"https://meet.example.org/incident-{held[0].number}-")
        assert len(urls[0].rpartition("-")[2]) == 16
        for one in held:
            world.ends(one)


def test_what_belongs_to_a_team_is_for_its_own_incidents() -> None:
    with BridgeWorld() as world:
        world.keeps("Payments", order=1, team_id=world.cast.team.id)
        world.keeps("Everybody", order=2)
        other = world.declares("sev1", service=world.another_service("search"))
        ours = world.declares("sev1")
        assert world.names(other) == ("Everybody", "")
        assert world.names(ours) == ("Payments", "")
        world.ends(other)
        world.ends(ours)


def test_a_restricted_incident_is_named_to_no_other() -> None:
    with BridgeWorld() as world:
        world.keeps("Only")
        world.keeps("Jitsi", kind="jitsi", url="https://meet.example.org/{name}", order=200)
        secret = world.declares("sev1", restricted=True, title="An insider steals")
        open_one = world.declares("sev1", title="Search is down")
        third = world.declares("sev1", restricted=True, title="Another one")
        assert [line.users for line in pool(viewer=world.cast.people["onlooker"].id)] == [(), (open_one.number,)]
        assert [line.in_use for line in pool(viewer=world.cast.people["onlooker"].id)] == [True, True]
        assert [line.users for line in pool(viewer=EVERYTHING)] == [(secret.number,), (open_one.number, third.number)]
        held = world.bridge(third).voice
        assert held is not None
        assert "incident" not in held.url  # as the link of any other incident names it
        with pytest.raises(ChangeRefused, match="in use by another incident"):
            world.changes(open_one, bridge_id=pool(viewer=EVERYTHING)[0].bridge.id)
        for one in (secret, open_one, third):
            world.ends(one)


def test_a_restricted_incident_without_a_bridge_says_to_others_only_that_there_is_one() -> None:
    with BridgeWorld() as world:
        world.keeps("Only")
        world.keeps_a_phone()
        first = world.declares("sev1")
        secret = world.declares("sev1", restricted=True, title="An insider steals")
        assert world.names(secret) == ("", "Conference")
        assert world.bridge_entries(first)[-1] == ("yielded", "another incident has no other bridge")
        third = world.declares("sev1", title="Search is down")
        assert world.bridge_entries(third)[-1][0] == "missing"
        for one in (first, secret, third):
            world.ends(one)


def test_a_person_changes_it_by_hand_with_a_reason_and_the_one_before_is_free() -> None:
    with BridgeWorld() as world:
        world.keeps("First", order=1)
        second = world.keeps("Second", order=2)
        phone = world.keeps_a_phone()
        incident = world.declares("sev1")
        with pytest.raises(ChangeRefused, match="say why"):
            world.changes(incident, bridge_id=second.id, reason=" ")
        world.changes(incident, bridge_id=second.id)
        assert world.names(incident) == ("Second", "Conference")
        assert world.bridge_entries(incident)[-1] == ("changed", "no sound")
        other = world.declares("sev1", title="Search is down")
        assert world.names(other) == ("First", "")
        with pytest.raises(ChangeRefused, match=f"in use by #{incident.number}"):
            world.changes(other, bridge_id=second.id)
        world.changes(incident, bridge_id=phone.id)
        assert world.names(incident) == ("Conference", "")
        world.changes(incident, url="https://teams.example.org/l/1")
        held = world.bridge(incident).voice
        assert held is not None
        assert held.url == "https://teams.example.org/l/1"
        assert world.names(incident)[1] == "Conference"
        with pytest.raises(ChangeRefused, match="is no web address"):
            world.changes(incident, url="javascript:alert(1)")
        with pytest.raises(ChangeRefused, match="choose a bridge"):
            world.changes(incident)
        world.ends(incident)
        world.ends(other)


def test_a_bridge_that_is_changed_or_removed_meanwhile_stays_what_it_was_for_its_incident() -> None:
    with BridgeWorld() as world:
        bridge = world.keeps("First")
        incident = world.declares("sev1")
        admin = world.person("manager")
        draft = draft_of(bridge)
        changed = type(draft)(name=draft.name, kind=draft.kind, url="https://zoom.us/j/other", order=5)
        change_bridge(bridge.id, changed, actor=admin, now=world.now)
        remove_bridge(bridge.id, actor=admin, now=world.now)
        held = world.bridge(incident).voice
        assert held is not None
        assert held.url == "https://zoom.us/j/First"
        assert not pool(viewer=EVERYTHING)
        details = Entry.objects.get(action="bridge.changed").details
        assert details["after"] == {"url": "https://zoom.us/j/other", "order": 5}
        world.ends(incident)


def test_a_reopened_incident_gets_one_again() -> None:
    with BridgeWorld() as world:
        world.keeps("First")
        incident = world.declares("sev1")
        world.ends(incident)
        ending_actions.reopen(
            incident_id=incident.id, reason="it is back", actor=world.person("engineer"), now=world.now
        )
        world.settle()
        assert world.names(incident) == ("First", "")
        world.ends(incident)


def test_two_workers_at_once_never_give_the_same_bridge() -> None:
    with BridgeWorld() as world:
        for number in range(4):
            world.keeps(f"Bridge {number}")
        incidents = [world.declares_only("sev1", title=f"Outage {number}") for number in range(8)]
        begin = threading.Barrier(len(incidents))

        def give(incident: Incident) -> None:
            begin.wait()
            GiveBridge()(incident.id, world.now)
            connection.close()

        threads = [threading.Thread(target=give, args=(one,)) for one in incidents]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        held = list(BridgeUse.objects.filter(freed_at=None).values_list("bridge__name", flat=True))
        assert sorted(held) == [f"Bridge {number}" for number in range(4)]
        world.settle()
        for one in incidents:
            world.ends(one)


def test_the_table_itself_refuses_a_second_incident() -> None:
    with BridgeWorld() as world:
        world.keeps("Only")
        first = world.declares("sev1")
        other = world.declares("sev2", title="Search is slow")
        use = BridgeUse.objects.get(incident=first, freed_at=None)
        use.id, use.incident = other.id, other
        with pytest.raises(IntegrityError, match="bridge_in_one_incident"), transaction.atomic():
            use.save(force_insert=True)
        world.ends(first)
        world.ends(other)
