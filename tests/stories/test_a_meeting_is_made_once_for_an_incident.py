"""Where a host's API is set up each incident gets a meeting of its own: once, and never in the way of the pool."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.harness.bridge_hosts import FakeMeet, FakeZoom
from tests.harness.bridge_world import BridgeWorld
from tests.harness.carriers import Answer
from watchbill.bridges.meet import MeetMaker, MeetSettings, MeetSettingsRefused, ServiceAccount
from watchbill.bridges.register import build_makers, incomplete
from watchbill.bridges.zoom import ZoomMaker, ZoomSettings
from watchbill.domain.bridges.contract import NotMade
from watchbill.domain.bridges.models import Meeting
from watchbill.domain.errands import store
from watchbill.domain.errands.models import Errand
from watchbill.domain.incidents import ending_actions
from watchbill.domain.incidents.models import Incident
from watchbill.ground.http_client import HttpClient
from watchbill.ground.network_guard import parse_networks

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def with_zoom() -> Iterator[tuple[BridgeWorld, FakeZoom]]:
    with FakeZoom() as zoom:
        settings = ZoomSettings(
            account_id="account", client_id="client", client_secret="s3cret", url=zoom.url, api_url=zoom.url
        )
        with BridgeWorld(lambda http: ZoomMaker(settings, http=http)) as world:
            yield world, zoom
        assert zoom.complaints == []


@contextmanager
def with_meet(**settings: str) -> Iterator[tuple[BridgeWorld, FakeMeet]]:
    with FakeMeet() as meet:
        given = {name: text.replace("KEY-FILE", meet.key_file()) for name, text in settings.items()}
        all_of_it = MeetSettings(**given, api_url=meet.url, token_url=f"{meet.url}/token")
        with BridgeWorld(lambda http: MeetMaker(all_of_it, http=http)) as world:
            meet.now = world.now
            yield world, meet
        assert meet.complaints == []


def link(world: BridgeWorld, incident: Incident) -> str:
    held = world.bridge(incident).voice
    return held.url if held else ""


def state(incident: Incident) -> str:
    return str(Meeting.objects.get(incident=incident).state)


def test_the_meeting_becomes_the_bridge_and_that_of_the_pool_is_free_again() -> None:
    with with_zoom() as (world, zoom):
        world.keeps("Pool")
        incident = world.declares("sev1", title="Checkout\nis down")
        assert link(world, incident) == "https://zoom.example.org/j/91000000000?pwd=abc"
        assert zoom.meetings[0]["topic"].startswith(f"#{incident.number} Checkout is down [wb-")
        assert [verb for verb, _ in world.bridge_entries(incident)] == ["opened", "made"]
        other = world.declares("sev1", title="Search is down")
        assert len(zoom.meetings) == 2
        assert zoom.tokens_given == 1
        row = Meeting.objects.get(incident=incident)
        assert "zak" not in str(row.__dict__)
        world.ends(incident)
        world.ends(other)


def test_no_second_one_after_the_incident_was_reopened() -> None:
    with with_zoom() as (world, zoom):
        incident = world.declares("sev1")
        first = link(world, incident)
        world.ends(incident)
        assert link(world, incident) == ""
        ending_actions.reopen(
            incident_id=incident.id, reason="it is back", actor=world.person("engineer"), now=world.now
        )
        world.settle()
        assert link(world, incident) == first
        assert len(zoom.meetings) == 1
        world.ends(incident)


def test_after_a_lost_answer_the_host_is_asked_for_it_and_no_second_one_is_made() -> None:
    with with_zoom() as (world, zoom):
        world.keeps("Pool")
        world.declares("sev2", title="so that a token is there already")
        zoom.lose_the_answer()
        incident = world.declares("sev1")
        assert world.names(incident)[0] == "Pool"
        assert "broke off" in world.bridge(incident).trouble
        world.passes(seconds=3)
        assert link(world, incident) == "https://zoom.example.org/j/91000000000?pwd=abc"
        assert len(zoom.meetings) == 1
        world.ends(incident)


def test_as_long_as_the_hosts_list_may_lag_nobody_asks_for_another() -> None:
    with with_zoom() as (world, zoom):
        zoom.hides_new_ones = True
        zoom.lose_the_answer()
        incident = world.declares("sev1")
        world.passes(seconds=20)
        assert (len(zoom.meetings), link(world, incident)) == (1, "")
        zoom.hides_new_ones = False
        world.passes(seconds=12)
        assert len(zoom.meetings) == 1
        assert link(world, incident) == zoom.meetings[0]["join_url"]
        world.ends(incident)


def test_what_the_host_surely_does_not_have_is_made_after_half_a_minute() -> None:
    with with_zoom() as (world, zoom):
        zoom.answer_with(Answer.drop(), path=zoom.meetings_path)
        incident = world.declares("sev1")
        world.passes(seconds=25)
        assert zoom.meetings == []
        world.passes(seconds=10)
        assert link(world, incident) == zoom.meetings[0]["join_url"]
        world.ends(incident)


def test_a_worker_that_died_between_question_and_answer_leaves_no_second_meeting() -> None:
    with with_zoom() as (world, zoom):
        incident = world.declares_only("sev1")
        world.engine.tick(now=world.now)
        world._runner.run(world.errands.tick())  # the follower asks for the meeting
        [claimed] = list(store.claim(now=world.now, kinds=["bridge.make"], limit=9))
        errand = world.errands._errands["bridge.make"]
        step = errand.next_step(claimed.subject_id, now=world.now)
        world._runner.run(errand.act(step, now=world.now))  # made, and never recorded
        assert len(zoom.meetings) == 1
        world.settle()
        world.passes(seconds=store.LEASE.total_seconds() + 1)
        assert link(world, incident) == zoom.meetings[0]["join_url"]
        assert len(zoom.meetings) == 1
        world.ends(incident)


@pytest.mark.parametrize("followed", [True, False])
def test_that_it_could_not_be_made_is_not_said_of_an_incident_that_is_over(followed: bool) -> None:
    with with_zoom() as (world, zoom):
        incident = world.declares_only("sev1")
        world.engine.tick(now=world.now)
        world._runner.run(world.errands.tick())  # the follower asks for the meeting
        list(store.claim(now=world.now, kinds=["bridge.make"], limit=9))
        errand = world.errands._errands["bridge.make"]
        step = errand.next_step(incident.id, now=world.now)
        ending_actions.cancel(incident_id=incident.id, reason="x", actor=world.person("engineer"), now=world.now)
        if followed:
            world.settle()
        errand.record(step, NotMade(why="the host is full", for_good=True), now=world.now)
        assert state(incident) == "not-needed"
        assert "not_made" not in [verb for verb, _ in world.bridge_entries(incident)]
        world.settle()
        world.received()
        assert zoom.meetings == []


def test_when_it_fails_for_good_the_pool_stays_and_the_page_says_why() -> None:
    with with_zoom() as (world, zoom):
        world.keeps("Pool")
        refusal = b'{"code": 3161, "message": "Your user account is not allowed meeting hosting.<b>"}'
        zoom.answer_with(Answer(400, refusal), path=zoom.meetings_path)
        incident = world.declares("sev1")
        why = "Zoom answered 400: Your user account is not allowed meeting hosting.<b>"
        assert world.names(incident)[0] == "Pool"
        assert (world.bridge(incident).trouble, world.bridge(incident).is_making) == (why, False)
        assert world.bridge_entries(incident)[-1] == ("not_made", why)
        assert not Errand.objects.filter(kind="bridge.make").exists()
        world.passes(hours=0.1)
        assert len(zoom.to(zoom.meetings_path)) == 1
        world.ends(incident)


def test_a_wrong_secret_is_told_and_not_tried_for_ever() -> None:
    with FakeZoom() as zoom:
        settings = ZoomSettings(account_id="account", client_id="client", client_secret="old", url=zoom.url)
        with BridgeWorld(lambda http: ZoomMaker(settings, http=http)) as world:
            incident = world.declares("sev1")
            assert world.bridge(incident).trouble.startswith("no token: Zoom answered 400: Invalid client")
            assert state(incident) == "failed"
            world.ends(incident)


def test_too_many_requests_wait_as_long_as_was_asked_for() -> None:
    with with_zoom() as (world, zoom):
        zoom.answer_with(
            Answer(429, b'{"code":429,"message":"slow down"}', {"Retry-After": "20"}), path=zoom.meetings_path
        )
        incident = world.declares("sev1")
        assert world.bridge(incident).trouble == "Zoom answered 429: slow down"
        assert world.bridge(incident).is_making
        world.passes(seconds=19)
        assert zoom.meetings == []
        world.passes(seconds=1)
        assert link(world, incident) == zoom.meetings[0]["join_url"]
        assert world.bridge(incident).trouble == ""
        world.ends(incident)


def test_a_token_that_ended_early_is_asked_for_again_and_one_of_an_hour_once_an_hour() -> None:
    with with_zoom() as (world, zoom):
        first = world.declares("sev1")
        zoom.expire_tokens()
        second = world.declares("sev1", title="Search is down")
        assert (len(zoom.meetings), zoom.tokens_given) == (2, 2)
        world.ends(first)
        world.ends(second)
        world.passes(minutes=60)
        third = world.declares("sev1", title="Mail is down")
        assert (len(zoom.meetings), zoom.tokens_given) == (3, 3)
        world.ends(third)


def test_a_host_that_refuses_every_token_is_given_up_at_once() -> None:
    with with_zoom() as (world, zoom):
        refused = Answer(401, b'{"code":124,"message":"Invalid access token."}')
        zoom.always(refused, path=zoom.meetings_path)
        zoom.answer_with(refused, refused, path=zoom.meetings_path)
        incident = world.declares("sev1")
        assert world.bridge(incident).trouble == "Zoom answered 401: Invalid access token."
        assert state(incident) == "failed"
        world.ends(incident)


def test_a_host_that_is_slow_comes_too_late_for_people_who_have_a_bridge() -> None:
    with with_zoom() as (world, zoom):
        world.keeps("Pool")
        busy = Answer(503, b"", {"Retry-After": "61"})
        zoom.answer_with(busy, path=zoom.meetings_path)
        incident = world.declares("sev1")
        world.passes(minutes=2)
        assert (world.names(incident)[0], state(incident)) == ("Pool", "failed")
        assert zoom.meetings == []
        world.ends(incident)


def test_as_long_as_there_is_no_other_bridge_it_is_tried_on() -> None:
    with with_zoom() as (world, zoom):
        zoom.answer_with(*[Answer(503)] * 8, path=zoom.meetings_path)
        incident = world.declares("sev1")
        world.passes(minutes=12)
        assert link(world, incident) == zoom.meetings[0]["join_url"]
        world.ends(incident)


def test_whoever_chose_another_bridge_meanwhile_keeps_it() -> None:
    with with_zoom() as (world, zoom):
        zoom.answer_with(Answer(503), path=zoom.meetings_path)
        incident = world.declares("sev1")
        world.changes(incident, url="https://teams.example.org/l/1")
        world.passes(minutes=10)
        assert link(world, incident) == "https://teams.example.org/l/1"
        assert (zoom.meetings, state(incident)) == ([], "not-needed")
        world.ends(incident)


def test_nothing_of_a_restricted_incident_goes_out() -> None:
    with with_zoom() as (world, zoom):
        world.keeps("Pool")
        incident = world.declares("sev1", restricted=True, title="An insider steals")
        assert world.names(incident)[0] == "Pool"
        assert zoom.requests == []
        world.ends(incident)


def test_people_are_paged_while_the_host_says_nothing() -> None:
    with with_zoom() as (world, zoom):
        zoom.answer_with(Answer.drop(), Answer.drop(), path=zoom.token_path)
        incident = world.declares("sev1")
        assert "primary" in world.came()
        assert "broke off" in world.bridge(incident).trouble
        world.passes(seconds=10)
        assert link(world, incident) == zoom.meetings[0]["join_url"]
        world.ends(incident)


def test_a_space_of_google_meet_is_made_by_a_service_account_for_a_person() -> None:
    with with_meet(service_account="KEY-FILE", user="calls@example.org") as (world, meet):
        world.keeps("Pool")
        incident = world.declares("sev1")
        assert link(world, incident) == "https://meet.example.org/abc-mnop-x00"
        assert meet.acts_for == "calls@example.org"
        world.ends(incident)


def test_a_space_of_google_meet_is_made_by_a_persons_refresh_token() -> None:
    with with_meet(client_id="app", client_secret="s", refresh_token="r") as (world, _meet):
        incident = world.declares("sev1")
        assert link(world, incident) == "https://meet.example.org/abc-mnop-x00"
        world.ends(incident)


def test_google_keeps_no_list_so_a_lost_answer_is_the_end_of_it() -> None:
    with with_meet(client_id="app", client_secret="s", refresh_token="r") as (world, meet):
        world.keeps("Pool")
        meet.lose_the_answer()
        incident = world.declares("sev1")
        world.passes(minutes=5)
        assert (world.names(incident)[0], len(meet.spaces)) == ("Pool", 1)
        assert "the answer was lost" in world.bridge(incident).trouble
        world.ends(incident)


def test_settings_that_lead_to_nothing_are_named() -> None:
    none = ZoomSettings(account_id="", client_id="", client_secret="")
    half = ZoomSettings(account_id="a", client_id="c", client_secret="")
    whole = ZoomSettings(account_id="a", client_id="c", client_secret="s")
    http = HttpClient(allowed_networks=parse_networks(""))
    assert incomplete(zoom=none, meet=MeetSettings()) == []
    assert "WATCHBILL_ZOOM_ACCOUNT_ID" in incomplete(zoom=half, meet=MeetSettings())[0]
    assert "key file" in incomplete(zoom=none, meet=MeetSettings(service_account="{}", user="u"))[0]
    assert "WATCHBILL_MEET_USER" in incomplete(zoom=none, meet=MeetSettings(service_account="{}"))[0]
    assert "REFRESH_TOKEN" in incomplete(zoom=none, meet=MeetSettings(client_id="app"))[0]
    assert build_makers(http=http, zoom=half, meet=MeetSettings(service_account="{}", user="u")) == ()
    assert [one.kind for one in build_makers(http=http, zoom=whole, meet=MeetSettings())] == ["zoom"]
    with pytest.raises(MeetSettingsRefused):
        ServiceAccount.read('{"client_email": "x", "private_key": "no key"}')
