"""A new channel is one line in the register: whatever people see of a way to reach them comes from there."""

import ast
import re

import pytest
from django.test import Client

from tests.channels.letters import NOW
from tests.house.tree import documents, modules, templates
from watchbill.composition import contact_kinds, every_channel
from watchbill.doctor.finding import Patient
from watchbill.doctor.people import contacts_without_channel
from watchbill.domain.access.models import Role, User
from watchbill.domain.escalation.steps import Ways
from watchbill.domain.paging.contract import Channel, ContactKind, Family
from watchbill.domain.paging.rules import LEASE
from watchbill.domain.people.models import ContactMethod
from watchbill.doors.web.components import FAMILY_ICONS
from watchbill.doors.web.icons import icon

KINDS = contact_kinds()
GUIDE = "docs/how-to/write-the-organization-file.md"
_NAMED_IN_A_TEMPLATE = re.compile(rf"[\"'](?:{'|'.join(KINDS)})[\"']")


@pytest.fixture
def person(db: None) -> User:
    """Somebody with a contact of every kind."""
    made = User.objects.create(email="anna@example.org", name="Anna", role=Role.OWNER, created_at=NOW)
    for position, kind in enumerate(KINDS):
        ContactMethod.objects.create(
            user=made, name=f"my {kind}", kind=kind, address=f"{kind}-address", position=position, created_at=NOW,
            verified_at=NOW,
        )  # fmt: skip
    return made


@pytest.fixture
def my_settings(person: User) -> str:
    client = Client()
    client.force_login(person)
    return str(client.get("/me").content.decode())


@pytest.mark.parametrize("one", KINDS.values(), ids=KINDS)
def test_its_contacts_are_offered_and_shown_in_its_own_words(one: ContactKind, my_settings: str) -> None:
    assert f'<option value="{one.kind}">{one.label}</option>' in my_settings
    assert f"{one.address_help} ({one.label})" in my_settings
    assert f'{icon(FAMILY_ICONS[one.family], "small")}<span class="strong"><bdi>my {one.kind}</bdi>' in my_settings
    assert (f"this instance cannot send by {one.label}" in my_settings) is not one.is_set_up


def test_every_family_has_an_icon() -> None:
    assert set(FAMILY_ICONS) == set(Family)
    assert all(icon(name) for name in FAMILY_ICONS.values())


def test_the_doctor_says_what_to_set(person: User) -> None:
    missing = {kind: one for kind, one in KINDS.items() if not one.is_set_up}
    assert missing  # the tests have no mail server
    families = {kind: one.family for kind, one in KINDS.items() if one.is_set_up}

    said = {one.what.split()[5].strip(","): one.remedy for one in contacts_without_channel(patient(families))}

    assert said == {kind: f"set {one.setting}" for kind, one in missing.items()}
    assert all(one.setting for one in missing.values())


def patient(families: dict[str, Family]) -> Patient:
    return Patient(now=NOW, settings=None, ways=Ways(families=families, defaults={}), kinds=KINDS)  # type: ignore[arg-type]  # people only


@pytest.mark.parametrize("channel", every_channel(), ids=lambda one: one.kind)
def test_its_attempts_end_before_their_lease_does(channel: Channel) -> None:
    """Else a message that is still being sent would be sent a second time by somebody else."""
    assert channel.timeout < LEASE


@pytest.mark.parametrize("one", KINDS.values(), ids=KINDS)
def test_it_is_documented(one: ContactKind) -> None:
    assert one.kind in documents()[GUIDE]
    assert one.family in set(Family)


def test_nobody_else_asks_which_kind_it_is() -> None:
    """A place that knows a kind by name is a place that a new channel would have to find."""
    asking = {
        f"{where}: {ast.unparse(node)}"
        for where, tree in modules().items()
        if not where.startswith(("channels/", "demo/"))
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare) and "kind" in ast.unparse(node)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Constant) and inner.value in KINDS
    }
    shown = {
        f"{where}: {tag}"
        for where, text in templates().items()
        for tag in re.findall(r"{%.*?%}", text)
        if "kind" in tag and _NAMED_IN_A_TEMPLATE.search(tag)
    }
    assert asking | shown == set()
