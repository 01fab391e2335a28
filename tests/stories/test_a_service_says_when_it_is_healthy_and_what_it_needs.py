from uuid import UUID

import pytest

from tests.harness.organization_files import apply, exported, planned
from tests.harness.setup_verbs import ADMIN, NOON, entries, last_entry
from watchbill.domain.organization_file.problems import FilesRefused
from watchbill.domain.services import actions, reads
from watchbill.domain.services.check_actions import drop_check, put_check, set_checks
from watchbill.domain.services.check_rules import CheckDraft
from watchbill.domain.services.dependency_actions import set_dependencies
from watchbill.domain.services.dependency_reads import dependents_of
from watchbill.domain.services.models import Dependency, HealthCheck
from watchbill.domain.services.rules import ServiceDraft
from watchbill.ground.refusals import ChangeRefused, Unknown

pytestmark = pytest.mark.django_db

ERRORS = CheckDraft(name="errors", query="sum(rate(errors[5m]))", healthy_when="<0.01", unit="%")
UP = CheckDraft(name="up", query="up", healthy_when="== 1")
FILE = """\
organization: {name: Example}
services:
  - name: shop
    depends_on: [checkout]
    checks: [{name: errors, query: up, healthy_when: "< 1", unit: "%"}]
  - {name: checkout, depends_on: [payments]}
  - {name: payments}
"""


def service(name: str) -> UUID:
    return actions.create_service(ServiceDraft(name=name), actor=ADMIN, now=NOON).id


def needs(one: UUID, *others: UUID) -> None:
    set_dependencies(one, others, actor=ADMIN, now=NOON)


def test_checks_are_kept_in_order_with_a_record_of_each_change() -> None:
    checkout = service("checkout")
    set_checks(checkout, [ERRORS, UP], actor=ADMIN, now=NOON)
    detail = reads.service(checkout)
    assert detail is not None
    assert [(one.name, one.healthy_when) for one in detail.checks] == [("errors", "< 0.01"), ("up", "== 1")]
    assert last_entry().details["after"]["errors"] == "sum(rate(errors[5m])) < 0.01 %"
    set_checks(checkout, detail.checks, actor=ADMIN, now=NOON)
    assert entries()[-2:] == ["service.created", "service.checks_changed"]
    put_check(checkout, CheckDraft(name="errors", query="other", healthy_when="< 1"), actor=ADMIN, now=NOON)
    drop_check(checkout, "up", actor=ADMIN, now=NOON)
    detail = reads.service(checkout)
    assert detail is not None
    assert [one.query for one in detail.checks] == ["other"]
    with pytest.raises(Unknown, match="no check 'up'"):
        drop_check(checkout, "up", actor=ADMIN, now=NOON)


def test_dependencies_are_seen_from_both_ends_and_no_circle_is_made() -> None:
    shop, checkout, payments = service("shop"), service("checkout"), service("payments")
    needs(shop, checkout)
    needs(checkout, payments)
    detail = reads.service(checkout)
    assert detail is not None
    assert [one.name for one in detail.depends_on] == ["payments"]
    assert [one.name for one in detail.needed_by] == ["shop"]
    assert last_entry().details == {"before": {"needs": []}, "after": {"needs": ["payments"]}}
    with pytest.raises(ChangeRefused, match="payments needs shop needs checkout needs payments; leave") as refused:
        needs(payments, shop)
    assert refused.value.field == "depends_on"
    with pytest.raises(ChangeRefused, match="shop needs shop"):
        needs(shop, shop)
    assert [(one.service.name, one.because) for one in dependents_of([payments])] == [
        ("checkout", "needs payments"),
        ("shop", "needs checkout, which needs payments"),
    ]


def test_an_archived_service_is_needed_by_nobody_any_more() -> None:
    shop, checkout = service("shop"), service("checkout")
    needs(shop, checkout)
    set_checks(checkout, [UP], actor=ADMIN, now=NOON)
    actions.archive_service(checkout, actor=ADMIN, now=NOON)
    assert not Dependency.objects.exists()
    assert not HealthCheck.objects.exists()
    with pytest.raises(Unknown, match="not there any more"):
        needs(shop, checkout)


def test_files_say_both_and_what_they_leave_out_stays() -> None:
    apply(FILE)
    assert planned(FILE, prune=True) == []
    assert planned(exported(), prune=True) == []
    assert planned("services: [{name: shop}]") == []
    assert planned("services: [{name: shop, depends_on: [], checks: []}]") == [
        "- checks of service shop",
        "- dependencies of service shop",
    ]


def test_a_dependency_is_turned_round_in_one_go() -> None:
    apply(FILE)
    apply("services: [{name: shop}, {name: checkout, depends_on: [shop, payments]}, {name: payments}]", prune=True)
    assert planned(FILE, prune=True)
    apply(FILE, prune=True)
    assert planned(FILE, prune=True) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "services:\n  - {name: payments, depends_on: [shop]}",
            "a.yaml:2: services[0].depends_on: goes round in a circle: payments needs shop needs checkout needs "
            "payments; leave one of them out",
        ),
        (
            "services:\n  - {name: shop, depends_on: [chekout]}",
            'a.yaml:2: services[0].depends_on[0]: there is no service "chekout"; define it under services, or did you '
            'mean "checkout"?',
        ),
        (
            "services:\n  - name: shop\n    checks:\n      - {name: a, query: up, healthy_when: 1}",
            "a.yaml:4: services[0].checks[0].healthy_when: 1 is no text; put it in quotes",
        ),
        (
            "services:\n  - name: shop\n    checks:\n      - {name: a, query: up, healthy_when: below 1}",
            "a.yaml:4: services[0].checks[0].healthy_when: 'below 1' is no limit; write an operator and a number, like "
            '"< 0.01"',
        ),
        (
            "services:\n  - name: shop\n    checks:\n      - {name: a, query: up}",
            "a.yaml:4: services[0].checks[0].healthy_when: is missing; add healthy_when: here",
        ),
        (
            "services:\n  - name: shop\n    checks:\n      - &c {name: a, query: up, healthy_when: < 1}\n"
            "      - {name: a, query: up, healthy_when: < 1}",
            "a.yaml:5: services[0].checks[1].name: 'a' stands twice; give every check its own name",
        ),
    ],
)
def test_a_mistake_in_a_file_names_its_line_and_remedy(text: str, told: str) -> None:
    apply(FILE)
    with pytest.raises(FilesRefused) as refused:
        apply(text)
    assert [str(one) for one in refused.value.problems] == [told]
