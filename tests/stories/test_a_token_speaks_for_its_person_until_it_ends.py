"""A token works from when it is made until it expires, is revoked, or its person is disabled; and only as itself."""

from datetime import timedelta

import pytest

from tests.harness.setup_verbs import ADMIN, NOON, entries, person
from watchbill.domain.access.actions import TokenUnknown
from watchbill.domain.access.models import ApiToken
from watchbill.domain.access.reads import TokenHolder, authenticate_token, tokens
from watchbill.domain.access.token_rules import LIFETIME
from watchbill.domain.people.account_actions import create_token, revoke_token
from watchbill.domain.people.actions import disable_person, enable_person
from watchbill.ground.ids import new_id
from watchbill.ground.refusals import ChangeRefused
from watchbill.ground.secrets import digest

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(hours=1)


def made(**more: object):
    user = person("responder@example.org")
    values = {"name": "deploys", "scope": "read", "actor": ADMIN, "now": NOON, **more}
    return user, create_token(user.id, **values)


def who(header: str, *, now=LATER) -> TokenHolder | None:
    return authenticate_token(header, now=now)


def test_it_speaks_for_its_person_with_its_scope() -> None:
    user, token = made()
    holder = who(f"Bearer {token.secret}")
    assert holder is not None
    assert (holder.user.id, holder.scope, holder.name) == (user.id, "read", "deploys")
    assert entries()[-1] == "token.created"


def test_the_database_does_not_hold_it() -> None:
    _, token = made()
    row = ApiToken.objects.get(id=token.id)
    assert row.digest == digest(token.secret)
    stored = " ".join(str(value) for value in ApiToken.objects.values_list().get(id=token.id))
    assert token.secret not in stored
    assert token.secret.startswith("wb_")


@pytest.mark.parametrize("shape", ["bearer {}", "Token {}", "GenieKey {}", "  Bearer   {}  "])
def test_clients_write_the_header_in_several_ways(shape: str) -> None:
    assert who(shape.format(made()[1].secret)) is not None


def test_what_is_not_exactly_the_token_is_nobody() -> None:
    secret = made()[1].secret
    wrong = [
        "", "Bearer", "Bearer ", secret, f"Basic {secret}", f"Bearer {secret}x", f"Bearer {secret[:-1]}",
        f"Bearer {secret.swapcase()}", f"Bearer {digest(secret)}", f"Bearer {secret} {secret}", f"Bearer {secret},x",
        f"Bearer wb_{'0' * 38}", f"Bearer {secret}\x00", "Bearer ' OR 1=1 --", "Bearer \ud800",
    ]  # fmt: skip
    assert [header for header in wrong if who(header) is not None] == []


def test_it_ends_when_it_expires() -> None:
    _, token = made(lifetime=timedelta(days=1))
    assert who(f"Bearer {token.secret}", now=NOON + timedelta(days=1) - timedelta(seconds=1)) is not None
    assert who(f"Bearer {token.secret}", now=NOON + timedelta(days=1)) is None
    assert made_default_expiry() == NOON + LIFETIME


def made_default_expiry():
    return create_token(person("second@example.org").id, name="x", scope="full", actor=ADMIN, now=NOON).expires_at


def test_it_ends_when_it_is_revoked_and_revoking_again_is_harmless() -> None:
    _, token = made()
    revoke_token(token.id, actor=ADMIN, now=NOON)
    revoke_token(token.id, actor=ADMIN, now=LATER)
    assert who(f"Bearer {token.secret}") is None
    assert entries().count("token.revoked") == 1
    with pytest.raises(TokenUnknown):
        revoke_token(new_id(), actor=ADMIN, now=NOON)


def test_it_ends_with_its_person_and_does_not_come_back() -> None:
    user, token = made()
    disable_person(user.id, uses=[], actor=ADMIN, now=NOON)
    assert who(f"Bearer {token.secret}") is None
    enable_person(user.id, actor=ADMIN, now=NOON)
    assert who(f"Bearer {token.secret}") is None


def test_use_is_noted_at_most_once_a_minute() -> None:
    user, token = made()
    for seconds in (0, 10, 59, 60, 61):
        who(f"Bearer {token.secret}", now=NOON + timedelta(seconds=seconds))
    assert tokens(user_id=user.id)[0].last_used_at == NOON + timedelta(seconds=60)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"scope": "root"}, "scope"),
        ({"lifetime": timedelta()}, "expires"),
        ({"lifetime": timedelta(days=3660)}, "expires"),
        ({"name": "a\x1b[31mred"}, "name"),
        ({"name": "x" * 101}, "name"),
    ],
)
def test_a_wrong_wish_is_refused_by_name(more: dict[str, object], field: str) -> None:
    with pytest.raises(ChangeRefused) as refused:
        made(**more)
    assert refused.value.field == field


def test_somebody_disabled_gets_none() -> None:
    user = person("former@example.org")
    disable_person(user.id, uses=[], actor=ADMIN, now=NOON)
    with pytest.raises(ChangeRefused, match="is disabled"):
        create_token(user.id, name="x", scope="read", actor=ADMIN, now=NOON)
