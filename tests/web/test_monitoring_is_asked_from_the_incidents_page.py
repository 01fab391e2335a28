"""Verify pressed on one page, answered by the worker, seen on another without reload; and all of it without script."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import httpx
import pytest
from django.db import connection
from playwright.sync_api import Browser, expect

from tests.harness.fake_prometheus import FakePrometheus
from tests.web import stage
from tests.web.organization import Stage
from watchbill.domain.audit.contract import Actor
from watchbill.domain.incidents.actions import Declaration, declare
from watchbill.domain.incidents.models import Incident
from watchbill.domain.services.check_actions import set_checks
from watchbill.domain.services.check_rules import CheckDraft
from watchbill.domain.services.models import Service
from watchbill.domain.verification.asking import VerifyIncident
from watchbill.doors.web.wiring import connect, wired
from watchbill.engine.errands import ErrandRunner
from watchbill.ground.clock import SystemClock
from watchbill.ground.http_client import HttpClient
from watchbill.ground.network_guard import parse_networks
from watchbill.monitoring.prometheus import PrometheusSource

pytestmark = pytest.mark.lab

SOON = 20_000


@pytest.fixture
def prometheus() -> Iterator[FakePrometheus]:
    with FakePrometheus() as started:
        yield started


@pytest.fixture
def with_metrics(address: str) -> Iterator[None]:
    httpx.get(f"{address}/sign-in")  # the addresses are loaded, and with them what is wired
    before = wired()
    connect(replace(before, has_metrics=True))
    yield
    connect(before)


def worker_works(prometheus: FakePrometheus) -> None:
    """One round of the worker's errands."""
    with ThreadPoolExecutor(1) as thread:

        async def database(work: Callable[[], Any]) -> Any:
            return await asyncio.get_running_loop().run_in_executor(thread, work)

        async def round_of_errands() -> None:
            async with HttpClient(allowed_networks=parse_networks("127.0.0.0/8")) as http:
                errand = VerifyIncident(PrometheusSource(prometheus.url, http=http))
                await ErrandRunner([errand], clock=SystemClock(), database=database).tick()

        # Playwright's calls run inside a loop of their own, so this one needs a thread.
        with ThreadPoolExecutor(1) as beside:
            beside.submit(lambda: asyncio.run(round_of_errands())).result()
        thread.submit(lambda: connection.close()).result()


def slow_search(organization: Stage) -> Incident:
    search = organization.services["search"]
    me = organization.me
    actor = Actor(kind="person", label=me.name, via="web", id=me.id)
    now = SystemClock().now()
    set_checks(
        search.id, [CheckDraft(name="errors", query="errors", healthy_when="< 1", unit="%")], actor=actor, now=now
    )
    wanted = Declaration(title="Search is slow", severity="sev4", service_id=search.id)
    return declare(wanted, actor=actor, now=now).incident


def test_it_is_asked_and_the_answer_appears(
    browser: Browser, address: str, organization_on_stage: Stage, prometheus: FakePrometheus, with_metrics: None
) -> None:
    incident = slow_search(organization_on_stage)
    at = f"{address}/incidents/{incident.number}"
    context = browser.new_context()
    context.add_cookies([{**stage.signed_in(organization_on_stage.me), "url": address}])
    page, other = context.new_page(), context.new_page()
    other.goto(at)
    page.goto(at)
    page.get_by_role("button", name="Verify").click()
    expect(page.locator("#verify-part")).to_contain_text("Asking monitoring")
    expect(other.locator("#verify-part")).to_contain_text("Asking monitoring", timeout=SOON)

    prometheus.knows = {"errors": [({"pod": "a"}, 2.0)]}
    worker_works(prometheus)
    expect(other.locator("#verify-part")).to_contain_text("Not healthy", timeout=SOON)
    expect(page.locator("#verify-part")).to_contain_text("2 % (healthy when < 1 %)", timeout=SOON)
    drawing = page.get_by_role("figure", name="The last hour: stayed at 2 %. Healthy when < 1 %.")
    expect(drawing.locator("polyline")).to_have_count(1)

    prometheus.knows = {"errors": [({"pod": "a"}, 0.5)]}
    page.get_by_role("button", name="Verify again").click()
    other.get_by_text("What was asked").click()
    other.locator("#phase-resolve > summary").click()
    other.get_by_label("Evidence for Confirm").fill("orders come in")
    other.get_by_label("Evidence for Confirm").blur()
    worker_works(prometheus)
    expect(page.locator("#verify-part")).to_contain_text("Monitoring shows it healthy", timeout=SOON)
    for one in (page, other):
        expect(one.locator("#workflow")).to_contain_text("search errors: 0.5 % (healthy when < 1)", timeout=SOON)
    expect(other.get_by_label("Evidence for Confirm")).to_have_value("orders come in")
    expect(other.locator("#check-1")).to_have_attribute("open", "")
    context.close()


def test_without_script_or_a_source_it_says_what_to_do(
    browser: Browser, address: str, organization_on_stage: Stage, prometheus: FakePrometheus
) -> None:
    incident = slow_search(organization_on_stage)
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    context.add_cookies([{**stage.signed_in(organization_on_stage.me), "url": address}])
    page = context.new_page()
    page.goto(f"{address}/incidents/{incident.number}")
    expect(page.locator("#verify-part")).to_contain_text("set WATCHBILL_PROMETHEUS_URL to your Prometheus")
    expect(page.get_by_role("button", name="Verify")).to_have_count(0)
    before = wired()
    connect(replace(before, has_metrics=True))
    try:
        page.reload()
        page.get_by_role("button", name="Verify").click()
        prometheus.knows = {"errors": []}
        worker_works(prometheus)
        page.get_by_role("link", name="Look again").click()
        expect(page.locator("#verify-part")).to_contain_text("there is no data")
    finally:
        connect(before)
    context.close()


def test_a_dependent_service_is_named_by_one_press_and_forms_of_a_service_work(
    browser: Browser, address: str, organization_on_stage: Stage
) -> None:
    organization = organization_on_stage
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies([{**stage.signed_in(organization.me), "url": address}])
    page = context.new_page()
    page.goto(f"{address}/incidents/{organization.incident.number}/findings")
    page.get_by_role("button", name="It is affected : search").click()
    expect(page.get_by_role("heading", name="May be affected too")).to_have_count(0)
    page.goto(f"{address}/incidents/{organization.incident.number}")
    expect(page.get_by_role("heading", name="Related incidents")).to_be_visible()

    page.goto(f"{address}/services/{organization.services['checkout'].id}/dependencies")
    page.get_by_role("checkbox", name="search").check()
    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_text("checkout needs search needs checkout")).to_be_visible()
    page.goto(f"{address}/services/{organization.services['search'].id}/checks")
    page.get_by_label("Name").fill("up")
    page.get_by_label("PromQL").fill("up")
    page.get_by_label("Healthy when").fill("one")
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_text("write an operator and a number")).to_be_visible()
    page.get_by_label("Healthy when").first.fill("== 1")
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_text("Saved. Verifying an incident asks these.")).to_be_visible()
    assert Service.objects.get(id=organization.services["search"].id).checks.count() == 1
    context.close()
