"""People attach screenshots and logs, answer in threads, see what is new to them and who else looks."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.harness import pictures
from tests.harness.incident_world import IncidentWorld
from watchbill.domain.audit.models import Entry
from watchbill.domain.incidents import looking_actions, page_actions, room_actions
from watchbill.domain.incidents.attachment_reads import attachment_of, attachments_of, content_of
from watchbill.domain.incidents.attachment_rules import Limits, NewFile
from watchbill.domain.incidents.looking_reads import present_in, unread_counts, unread_open
from watchbill.domain.incidents.models import Attachment, Incident, Insider, Look, Post, Presence
from watchbill.domain.incidents.reads import EVERYTHING, incident_detail
from watchbill.domain.incidents.room_actions import Files
from watchbill.domain.incidents.timeline_reads import mark_of
from watchbill.domain.people.models import ContactMethod
from watchbill.ground.refusals import ChangeRefused

pytestmark = pytest.mark.django_db(transaction=True)

LIMITS = Limits(file=10_000, incident=15_000)


def files(*new: NewFile) -> Files:
    return Files(new=new, limits=LIMITS)


def shot(name: str = "shot.png", *, alt: str = "") -> NewFile:
    return NewFile(name=name, content=pictures.png(), alt=alt)


def writes(world: IncidentWorld, incident: Incident, text: str, *, by: str = "lead", **more: object) -> Post:
    return room_actions.write(
        incident_id=incident.id,
        text=text,
        actor=world.person(by),
        now=world.now,
        **more,  # type: ignore[arg-type]
    )


def test_a_message_with_a_screenshot_and_a_log_is_one_entry_of_the_record() -> None:
    with IncidentWorld() as world:
        incident = world.declares("sev3")
        before = Entry.objects.filter(subject_id=incident.id).count()
        log = NewFile(name="payments.log", content=b"11:00 ERROR no route\n" * 300)
        post = writes(world, incident, "", files=files(shot(alt="Graph of errors"), log))
        assert post.text == "shot.png, payments.log"
        [entry] = Entry.objects.filter(subject_id=incident.id).order_by("id")[before:]
        assert entry.action == "incident.message"
        assert [one["name"] for one in entry.details["files"]] == ["shot.png", "payments.log"]
        picture, text = attachments_of(incident.id, viewer=EVERYTHING)
        assert (picture.kind, picture.width, picture.alt) == ("image", 4, "Graph of errors")
        assert pictures.SECRET not in content_of(picture)
        assert (text.kind, len(content_of(text))) == ("text", text.size)
        assert text.preview.startswith("11:00 ERROR no route\n")
        assert len(text.preview) == 4000
        detail = incident_detail(incident.id, viewer=EVERYTHING, ways=world.ways(), now=world.now)
        assert detail is not None
        assert [one.id for line in detail.timeline for one in line.files] == [picture.id, text.id]
        world.ends(incident)


def test_what_does_not_fit_is_refused_whole_and_nothing_is_kept() -> None:
    with IncidentWorld() as world:
        incident = world.declares("sev3")
        with pytest.raises(ChangeRefused, match="larger than"):
            writes(world, incident, "x", files=files(shot(), NewFile(name="a.txt", content=b"x" * 10_001)))
        writes(world, incident, "x", files=files(NewFile(name="a.txt", content=b"x" * 9_000)))
        with pytest.raises(ChangeRefused, match="together"):
            writes(world, incident, "y", files=files(NewFile(name="b.txt", content=b"x" * 9_000)))
        with pytest.raises(ChangeRefused, match="write something"):
            writes(world, incident, "  ")
        assert Attachment.objects.count() == 1
        assert Post.objects.count() == 1
        world.ends(incident)


def test_an_id_that_was_guessed_opens_nothing() -> None:
    with IncidentWorld() as world:
        secret = world.declares("sev3", restricted=True, title="A leak")
        other = world.declares("sev3")
        writes(world, secret, "x", by="engineer", files=files(shot()))
        [kept] = attachments_of(secret.id, viewer=EVERYTHING)
        inside, outside = world.cast.people["engineer"].id, world.cast.people["onlooker"].id
        assert attachment_of(secret.id, kept.id, viewer=inside) == kept
        assert attachment_of(secret.id, kept.id, viewer=outside) is None
        assert attachment_of(other.id, kept.id, viewer=inside) is None
        assert attachment_of(other.id, kept.id, viewer=outside) is None
        assert attachments_of(secret.id, viewer=outside) == []
        world.ends(secret)
        world.ends(other)


def test_answers_hang_on_what_was_written_first_however_often_it_was_corrected() -> None:
    with IncidentWorld() as world:
        incident = world.declares("sev3")
        first = writes(world, incident, "Is it the databse?", files=files(shot()))
        one = writes(world, incident, "Yes", by="engineer", thread=first.id)
        corrected = room_actions.correct(
            incident_id=incident.id,
            post_id=first.id,
            text="Is it the database?",
            actor=world.person("lead"),
            now=world.now,
        )
        two = writes(world, incident, "Replica 2", by="engineer", thread=corrected.id)
        three = writes(world, incident, "Thanks", thread=two.id)
        assert {post.thread_id for post in (one, two, three)} == {first.id}
        detail = incident_detail(incident.id, viewer=EVERYTHING, ways=world.ways(), now=world.now)
        assert detail is not None
        [begun] = [line for line in detail.timeline if line.post_id == first.id]
        assert begun.post == corrected
        assert len(begun.files) == 1
        world.ends(incident)


def test_new_is_what_others_did_since_one_looked() -> None:
    with IncidentWorld() as world:
        incident = world.declares("sev3")
        me, other = world.cast.people["lead"].id, world.cast.people["engineer"].id
        assert unread_open(me) == 1
        assert (
            looking_actions.look(incident_id=incident.id, user_id=me, mark=mark_of(incident.id), now=world.now).before
            is None
        )
        assert unread_counts(me, [incident.id]) == {}
        assert unread_open(me) == 0
        writes(world, incident, "From me")
        assert unread_counts(me, [incident.id]) == {}
        writes(world, incident, "From somebody else", by="engineer")
        assert unread_counts(me, [incident.id]) == {incident.id: 1}
        assert unread_counts(other, [incident.id])[incident.id] >= 1
        before = looking_actions.look(
            incident_id=incident.id, user_id=me, mark=mark_of(incident.id), now=world.now
        ).before
        assert before is not None
        assert Entry.objects.filter(subject_id=incident.id, id__gt=before).count() == 2
        assert unread_open(me) == 0
        assert Look.objects.count() == 1
        world.ends(incident)


def test_of_a_restricted_incident_nothing_is_new_to_somebody_outside_and_nobody_outside_is_there() -> None:
    with IncidentWorld() as world:
        incident = world.declares("sev3", restricted=True)
        inside, outside = world.cast.people["engineer"].id, world.cast.people["onlooker"].id
        assert unread_open(outside) == 0
        looking_actions.note_present({(inside, incident.id), (outside, incident.id)}, now=world.now)
        assert [user.id for user in present_in(incident.id, viewer=inside, now=world.now)] == [inside]
        assert present_in(incident.id, viewer=outside, now=world.now) == []
        world.ends(incident)


def test_whoever_is_not_heard_of_for_half_a_minute_is_gone() -> None:
    with IncidentWorld() as world:
        incident = world.declares("sev3")
        here = {(world.cast.people[name].id, incident.id) for name in ("lead", "engineer", "comms")}
        with CaptureQueriesContext(connection) as queries:
            looking_actions.note_present(here, now=world.now)
        assert len([one for one in queries if one["sql"].startswith("INSERT")]) == 1
        world.pauses(seconds=20)
        lead = (world.cast.people["lead"].id, incident.id)
        looking_actions.note_present({lead}, now=world.now)
        world.pauses(seconds=20)
        assert [user.name for user in present_in(incident.id, viewer=EVERYTHING, now=world.now)] == [
            world.cast.people["lead"].name
        ]
        looking_actions.note_gone({lead})
        assert present_in(incident.id, viewer=EVERYTHING, now=world.now) == []
        assert Presence.objects.count() == 2
        world.ends(incident)


def test_somebody_is_paged_by_name_and_reads_why() -> None:
    with IncidentWorld() as world:
        incident = world.declares("sev3", restricted=True)
        world.received()
        page_actions.page_person(
            incident_id=incident.id,
            user_id=world.cast.people["comms"].id,
            reason="customers ask",
            actor=world.person("engineer"),
            ways=world.ways(),
            now=world.now,
        )
        world.settle()
        assert "customers ask" in world.came()["comms"]
        assert world.happened(incident).count("incident.called") == 2
        assert Insider.objects.filter(incident=incident, user=world.cast.people["comms"]).exists()
        ContactMethod.objects.filter(user=world.cast.people["onlooker"]).update(removed_at=world.now)
        for user, reason, words in (("comms", " ", "say why"), ("onlooker", "x", "no usable contact")):
            with pytest.raises(ChangeRefused, match=words):
                page_actions.page_person(
                    incident_id=incident.id,
                    user_id=world.cast.people[user].id,
                    reason=reason,
                    actor=world.person("engineer"),
                    ways=world.ways(),
                    now=world.now,
                )
        world.expects_nothing()
        world.ends(incident)
