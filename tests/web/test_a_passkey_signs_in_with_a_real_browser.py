"""A passkey is added and signs in, in Chromium with a virtual authenticator, under the strict content policy."""

import pytest
from playwright.sync_api import Browser

from tests.web.people_who_sign_in import PASSWORD, person

pytestmark = pytest.mark.lab

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def test_a_passkey_is_added_and_signs_in(browser: Browser, address: str) -> None:
    person("responder@example.org")
    site = address.replace("127.0.0.1", "localhost")  # browsers know passkeys for names alone
    page = browser.new_page()
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if "Content Security" in message.text else None)
    page.on("pageerror", lambda error: refused.append(str(error)))
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})

    page.goto(f"{site}/sign-in?next=/me/security/passkeys/add")
    page.fill("[name=login]", "responder@example.org")
    page.fill("[name=password]", PASSWORD)
    page.click("form.stack button.primary")
    page.wait_for_url("**/sign-in/again*")
    page.fill("[name=password]", PASSWORD)
    page.click("form.stack button.primary")
    page.wait_for_url("**/passkeys/add")
    page.check("[name=passwordless]")
    page.click("#mfa_webauthn_add")
    page.wait_for_url("**/codes*")

    page.goto(f"{site}/sign-out")
    page.click("form.stack button.primary")
    page.wait_for_url("**/sign-in")
    page.click("#passkey_login")
    page.wait_for_url(f"{site}/")
    assert refused == []
    page.close()
