"""`watchbill token` and `watchbill person`, as a shell uses them."""

import json

import pytest
from typer.testing import CliRunner

from tests.harness.setup_verbs import person
from watchbill.cli.main import root
from watchbill.domain.access.reads import authenticate_token
from watchbill.domain.audit.models import Entry
from watchbill.domain.people.actions import PersonUnknown
from watchbill.ground.clock import SystemClock

pytestmark = pytest.mark.django_db


def run(*arguments: str):
    return CliRunner().invoke(root(), list(arguments))


def test_create_prints_the_token_and_nothing_else() -> None:
    person("responder@example.org")
    done = run("token", "create", "--email", "Responder@example.org", "--scope", "ingest", "--name", "ci")
    assert done.exit_code == 0
    assert done.stdout.count("\n") == 1
    holder = authenticate_token(f"Bearer {done.stdout.strip()}", now=SystemClock().now())
    assert holder is not None
    assert (holder.user.email, holder.scope) == ("responder@example.org", "ingest")
    assert Entry.objects.order_by("-id")[0].via == "cli"


def test_a_listed_token_can_be_revoked_and_not_used() -> None:
    person("responder@example.org")
    secret = run("token", "create", "--email", "responder@example.org", "--scope", "full").stdout.strip()
    listed = run("token", "list", "--json")
    assert secret not in listed.stdout
    token_id = json.loads(listed.stdout)[0]["id"]
    assert run("token", "revoke", token_id).exit_code == 0
    assert authenticate_token(f"Bearer {secret}", now=SystemClock().now()) is None
    assert "revoked" in run("token", "list").stdout


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--email", "nobody@example.org", "--scope", "full"], "nobody here has the address"),
        (["--email", "responder@example.org", "--scope", "root"], "root"),
        (["--email", "responder@example.org", "--scope", "full", "--expires", "soon"], "not a duration"),
        (["--email", "responder@example.org", "--scope", "full", "--expires", "9y"], "expires"),
    ],
)
def test_a_mistake_makes_no_token_and_is_explained(more: list[str], said: str) -> None:
    person("responder@example.org")
    done = run("token", "create", *more)
    assert done.exit_code != 0
    assert "wb_" not in done.stdout
    assert said in f"{done.output} {done.exception}"


def test_somebody_is_shut_out_let_in_and_gets_a_link() -> None:
    user = person("responder@example.org")
    assert run("person", "disable", user.email).exit_code == 0
    user.refresh_from_db()
    assert not user.is_active
    assert run("person", "enable", user.email).exit_code == 0
    link = run("person", "setup-link", user.email).stdout
    assert link.startswith("http://watchbill.example.org/setup/wbs_")
    assert isinstance(run("person", "disable", "nobody@example.org").exception, PersonUnknown)
