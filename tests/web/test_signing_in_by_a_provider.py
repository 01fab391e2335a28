"""OpenID Connect: people who are here already, by an address their provider has verified, and nobody by a trick."""

import html
import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client
from oidc_provider_mock import User as ProvidersUser
from oidc_provider_mock import run_server_in_thread

from tests.harness.setup_verbs import ADMIN
from tests.web.identity_provider import LyingProvider
from tests.web.people_who_sign_in import person
from watchbill.domain.access.models import User
from watchbill.domain.audit.models import Entry
from watchbill.domain.people.actions import disable_person
from watchbill.ground.clock import SystemClock

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # of the library behind the provider of the tests
]
START = "/sign-in/with/test"


def use(settings, url: str) -> None:
    app = {"provider_id": "test", "name": "Example", "client_id": "watchbill", "secret": "s"}
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [{**app, "settings": {"server_url": url}}]}
    }


@pytest.fixture
def honest(settings) -> Iterator[str]:
    verified = {"email": "Responder@example.org", "email_verified": True, "name": "Somebody"}
    users = [
        ProvidersUser(sub="verified", claims=verified),
        ProvidersUser(sub="unverified", claims={**verified, "email_verified": False}),
        ProvidersUser(sub="text", claims={**verified, "email_verified": "true"}),
        ProvidersUser(sub="silent", claims={"email": "responder@example.org"}),
        ProvidersUser(sub="stranger", claims={"email": "stranger@example.org", "email_verified": True}),
        ProvidersUser(sub="second", claims=verified),
    ]
    with run_server_in_thread(user_claims=users) as server:
        url = f"http://localhost:{server.server_port}"
        use(settings, url)
        yield url


@pytest.fixture
def lying(settings) -> Iterator[LyingProvider]:
    with LyingProvider() as provider:
        provider.claims = provider.honest_claims()
        provider.info = {"sub": "subject-1", "email": "responder@example.org", "email_verified": True}
        use(settings, provider.url)
        yield provider


def leave(client: Client) -> str:
    """The address of the provider to which the page in between leads."""
    page = client.post(START)
    assert page.status_code == 200
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]*)"', page.content.decode())
    assert found is not None
    return html.unescape(found[1])


def come_back(client: Client, address: str):
    back = urlsplit(address)
    return client.get(f"{back.path}?{back.query}")


def by_provider(client: Client, subject: str):
    answer = httpx.post(leave(client), data={"sub": subject})
    assert answer.status_code == 302
    return come_back(client, answer.headers["Location"])


def is_in(client: Client) -> bool:
    return client.get("/me/security").status_code == 200


def test_a_verified_address_signs_in_who_is_here_and_links_the_subject(honest: str) -> None:
    user, client = person("responder@example.org", password=None), Client()
    assert by_provider(client, "verified").status_code == 302
    assert is_in(client)
    assert SocialAccount.objects.get().uid == "verified"
    assert list(Entry.objects.filter(subject_id=user.id).order_by("id").values_list("action", flat=True)) == [
        "provider.linked",
        "session.started",
    ]


def test_from_then_on_the_subject_decides_not_the_address(honest: str) -> None:
    user = person("responder@example.org")
    by_provider(Client(), "verified")
    User.objects.filter(id=user.id).update(email="renamed@example.org")
    person("responder@example.org")
    client = Client()
    by_provider(client, "verified")
    assert client.session["_auth_user_id"] == str(user.id)
    second = Client()
    User.objects.filter(email="responder@example.org").delete()
    User.objects.filter(id=user.id).update(email="responder@example.org")
    by_provider(second, "second")
    assert not is_in(second)


@pytest.mark.parametrize("subject", ["unverified", "text", "silent", "stranger"])
def test_nobody_is_let_in_or_made_by_an_address_that_is_not_verified_or_not_here(honest: str, subject: str) -> None:
    person("responder@example.org")
    client = Client()
    answer = by_provider(client, subject)
    assert not is_in(client)
    assert "There is no account for you here" in answer.content.decode()
    assert User.objects.count() == 1
    assert not SocialAccount.objects.exists()


def test_the_password_of_who_links_a_provider_stays(honest: str) -> None:
    user = person("responder@example.org")
    by_provider(Client(), "verified")
    assert User.objects.get(id=user.id).password == user.password


def test_somebody_disabled_is_not_let_in(honest: str) -> None:
    user = person("responder@example.org")
    by_provider(Client(), "verified")
    disable_person(user.id, uses=[], actor=ADMIN, now=SystemClock().now())
    client = Client()
    by_provider(client, "verified")
    assert not is_in(client)


def test_the_way_out_carries_state_and_a_challenge_and_needs_the_form_token(honest: str) -> None:
    sent = parse_qs(urlsplit(leave(Client())).query)
    assert sent["code_challenge_method"] == ["S256"]
    assert len(sent["state"][0]) >= 12
    assert Client(enforce_csrf_checks=True).post(START).status_code == 403
    assert Client().post(f"{START}?process=connect").status_code == 404


def test_an_answer_to_another_browser_or_a_second_time_is_refused(honest: str) -> None:
    person("responder@example.org")
    mine, thiefs = Client(), Client()
    location = httpx.post(leave(mine), data={"sub": "verified"}).headers["Location"]
    come_back(thiefs, location)
    assert not is_in(thiefs)
    come_back(mine, location)
    assert is_in(mine)
    again = Client()
    again.cookies["watchbill"] = mine.cookies["watchbill"].value
    mine.post("/sign-out")
    come_back(again, location)
    assert not is_in(again)


def answered(lying: LyingProvider) -> Client:
    person("responder@example.org")
    client = Client()
    state = parse_qs(urlsplit(leave(client)).query)["state"][0]
    client.get(f"{START}/callback?code=c&state={state}")
    return client


def test_an_honest_answer_of_this_provider_is_taken_and_proves_the_challenge(lying: LyingProvider) -> None:
    assert is_in(answered(lying))
    assert lying.seen[0]["code_verifier"]


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "https://other.example"},
        {"aud": "another-client"},
        {"exp": 1},
        {"iat": 4_000_000_000},
        {"sub": "subject-2"},
        {"aud": None},
        {"iss": None},
        {"exp": None},
        {"sub": None},
    ],
)
def test_a_token_of_another_issuer_audience_time_or_person_is_refused(
    lying: LyingProvider, change: dict[str, object]
) -> None:
    lying.claims = {key: value for key, value in lying.honest_claims(**change).items() if value is not None}
    assert not is_in(answered(lying))


def test_no_identity_token_is_no_sign_in(lying: LyingProvider) -> None:
    lying.with_token = False
    assert not is_in(answered(lying))
