"""A script attaches what it has; the bytes come back as they may be looked at, and to nobody who may not see them."""

import io
import json
import zipfile
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from tests.harness import pictures
from tests.harness.api import ApiCaller, caller
from tests.harness.incident_world import IncidentWorld
from watchbill.ground.clock import SystemClock

pytestmark = pytest.mark.parametrize("incident_world", ["real"], indirect=True)


@pytest.fixture
def engineer(incident_world: IncidentWorld) -> ApiCaller:
    return caller(incident_world.cast.people["engineer"])


def declared(by: ApiCaller, **more: Any) -> str:
    made = by.post("/incidents", {"title": "Checkout is down", "severity": "SEV4", **more}, expect=201)
    return f"/incidents/{made['number']}"


def sends(by: ApiCaller, at: str, *files: tuple[str, bytes], expect: int = 201, **fields: str) -> Any:
    client = Client(enforce_csrf_checks=True)
    sent: dict[str, Any] = {"files": [SimpleUploadedFile(name, content) for name, content in files], **fields}
    headers = {"Authorization": f"Bearer {by.token}"}
    answer: HttpResponse = client.post(f"/api/v1{at}/attachments", sent, headers=headers)
    assert answer.status_code == expect, answer.content
    return json.loads(answer.content)


def test_what_was_attached_comes_back_and_nothing_of_it_can_run(
    incident_world: IncidentWorld, engineer: ApiCaller
) -> None:
    at = declared(engineer)
    made = sends(engineer, at, ("graph.png", pictures.png()), ("pay.log", b"ERROR <script>x</script>"), text="Look")
    assert [(one["name"], one["kind"]) for one in made["items"]] == [("graph.png", "image"), ("pay.log", "text")]
    assert engineer.get(f"{at}/attachments") == made
    [entry] = [one for one in engineer.get(at)["timeline"] if one["text"] == "Look"]
    assert entry["attachments"] == made["items"]
    for one, disposition in zip(made["items"], ("inline", "attachment"), strict=True):
        answer = engineer.ask("GET", f"{at}/attachments/{one['id']}")
        assert answer.status_code == 200
        assert answer["Content-Type"] == one["content_type"]
        assert answer["Content-Disposition"] == f'{disposition}; filename="{one["name"]}"'
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer["Content-Security-Policy"]
        assert "default-src 'none'" in answer["Content-Security-Policy"]
        assert len(answer.content) == one["size"]
        assert pictures.SECRET not in answer.content


def test_what_could_run_is_refused_with_the_field_and_the_remedy(
    incident_world: IncidentWorld, engineer: ApiCaller
) -> None:
    at = declared(engineer)
    for name, content in (("a.png", b"<svg onload=alert(1)>"), ("b.txt", b"<!DOCTYPE html>"), ("c.png", b"MZ\0\0")):
        problem = sends(engineer, at, (name, content), expect=422)
        assert problem["errors"][0]["field"] == "files"
        assert "attach" in problem["detail"]
    assert sends(engineer, at, expect=422)
    assert engineer.get(f"{at}/attachments")["items"] == []


def test_of_a_restricted_incident_nobody_outside_gets_a_byte(
    incident_world: IncidentWorld, engineer: ApiCaller
) -> None:
    at = declared(engineer, restricted=True)
    open_one = declared(engineer)
    [kept] = sends(engineer, at, ("graph.png", pictures.png()))["items"]
    outsider = caller(incident_world.cast.people["onlooker"])
    lead = caller(incident_world.cast.people["lead"])
    for address in (at, open_one):
        for path in (f"{address}/attachments/{kept['id']}", f"{at}/attachments", f"{at}/export.zip", f"{at}/present"):
            assert outsider.ask("GET", path).status_code == 404
    assert lead.ask("POST", f"{at}/page", {"person": "comms@example.org", "reason": "x"}).status_code == 404
    sends(lead, at, ("graph.png", pictures.png()), expect=404)
    assert engineer.ask("GET", f"{open_one}/attachments/{kept['id']}").status_code == 404
    assert engineer.ask("GET", f"{at}/attachments/{kept['id']}").status_code == 200


def test_everything_is_taken_along_in_one_archive(incident_world: IncidentWorld, engineer: ApiCaller) -> None:
    at = declared(engineer)
    [kept] = sends(engineer, at, ("graph.png", pictures.png()), alt="Errors per second")["items"]
    archive = zipfile.ZipFile(io.BytesIO(engineer.ask("GET", f"{at}/export.zip").content))
    assert {name.partition("/")[0] for name in archive.namelist()} == {
        "timeline.md",
        "timeline.csv",
        "timeline.json",
        "files",
    }
    [inside] = [name for name in archive.namelist() if name.startswith("files/")]
    assert inside.endswith("Z-graph.png")
    assert archive.getinfo(inside).file_size == kept["size"]
    told = json.loads(archive.read("timeline.json"))
    assert told["files"][0]["sha256"] == kept["sha256"]
    assert "Errors per second" in archive.read("timeline.md").decode()


def test_somebody_is_paged_by_name(incident_world: IncidentWorld, engineer: ApiCaller) -> None:
    world = incident_world
    at = declared(engineer)
    seen = engineer.post(f"{at}/page", {"person": "comms@example.org", "reason": "customers ask"})
    assert [page["email"] for page in seen["pages"]] == ["comms@example.org"]
    world.clock.move_to(SystemClock().now())
    world.settle()
    assert "customers ask" in world.came()["comms"]
    refused = engineer.post(f"{at}/page", {"person": "comms@example.org", "reason": " "}, expect=422)
    assert refused["errors"][0]["field"] == "reason"
