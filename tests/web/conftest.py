"""A browser, a server and an organization, once for each test that asks for them."""

import gc
import os
import warnings
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.web import organization, stage
from watchbill.ground.clock import SystemClock

# Playwright's synchronous calls run inside an event loop; Django would refuse the ORM there.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One a file: its event loop must be over when stories in other files run loops of their own."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=stage.BROWSER_OPTIONS)
        yield chromium
        chromium.close()


@pytest.fixture
def organization_on_stage(transactional_db: None) -> organization.Stage:
    return organization.build(SystemClock().now())


@pytest.fixture
def address(transactional_db: None) -> Iterator[str]:
    with stage.serving() as served:
        yield served
    # A browser that leaves in the middle of a request leaves Django's body buffer to the garbage collector.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
