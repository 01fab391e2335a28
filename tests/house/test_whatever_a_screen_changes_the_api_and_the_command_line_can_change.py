"""A new button needs its operation and its command: the table below names both for every address that takes a form."""

import re
from collections.abc import Iterator
from inspect import getsource

import pytest
import typer
from typer.core import TyperGroup

from watchbill.cli.main import root
from watchbill.doors.api.app import api
from watchbill.doors.web.urls import urlpatterns

APPLY = "apply"  # the organization file says how people, teams, schedules, policies and services shall be

# The screen's address: the operation of the API, the command.
TABLE: dict[str, tuple[str, str]] = {
    "alerts/acknowledge": ("POST /alerts/{alert}/acknowledge", "alert acknowledge"),
    "alerts/<uuid:alert_id>/acknowledge": ("POST /alerts/{alert}/acknowledge", "alert acknowledge"),
    "alerts/<uuid:alert_id>/resolve": ("POST /alerts/{alert}/resolve", "alert resolve"),
    "alerts/<uuid:alert_id>/snooze": ("POST /alerts/{alert}/snooze", "alert snooze"),
    "alerts/<uuid:alert_id>/escalate": ("POST /alerts/{alert}/escalate", "alert escalate"),
    "alerts/<uuid:alert_id>/reassign": ("POST /alerts/{alert}/reassign", "alert reassign"),
    "incidents/new": ("POST /incidents", "incident declare"),
    "incidents/<int:number>/acknowledge": ("POST /incidents/{incident}/acknowledge", "incident acknowledge"),
    "incidents/<int:number>/severity": ("POST /incidents/{incident}/severity", "incident severity"),
    "incidents/<int:number>/room": ("POST /incidents/{incident}/room", "incident room"),
    "incidents/<int:number>/tier": ("POST /incidents/{incident}/tier", "incident tier"),
    "incidents/<int:number>/mitigate": ("POST /incidents/{incident}/mitigate", "incident mitigate"),
    "incidents/<int:number>/not-mitigated": ("POST /incidents/{incident}/not-mitigated", "incident back"),
    "incidents/<int:number>/resolve": ("POST /incidents/{incident}/resolve", "incident resolve"),
    "incidents/<int:number>/reopen": ("POST /incidents/{incident}/reopen", "incident reopen"),
    "incidents/<int:number>/close": ("POST /incidents/{incident}/close", "incident close"),
    "incidents/<int:number>/cancel": ("POST /incidents/{incident}/cancel", "incident cancel"),
    "incidents/<int:number>/merge": ("POST /incidents/{incident}/merge", "incident merge"),
    "incidents/<int:number>/page": ("POST /incidents/{incident}/page", "incident page"),
    "incidents/<int:number>/insider": ("POST /incidents/{incident}/insiders", "incident insider"),
    "incidents/<int:number>/step": ("POST /incidents/{incident}/steps", "incident step"),
    "incidents/<int:number>/take": ("POST /incidents/{incident}/roles", "incident role"),
    "incidents/<int:number>/take-over": ("POST /incidents/{incident}/roles", "incident role"),
    "incidents/<int:number>/decline": ("POST /incidents/{incident}/roles", "incident role"),
    "incidents/<int:number>/offer": ("POST /incidents/{incident}/roles", "incident role"),
    "incidents/<int:number>/write": ("POST /incidents/{incident}/timeline", "incident write"),
    "incidents/<int:number>/note": ("POST /incidents/{incident}/timeline", "incident write"),
    "incidents/<int:number>/update": ("POST /incidents/{incident}/updates", "incident update"),
    "incidents/<int:number>/pin": ("POST /incidents/{incident}/timeline/{entry}/pin", "incident pin"),
    "incidents/<int:number>/correct": ("PUT /incidents/{incident}/timeline/{entry}", "incident correct"),
    "incidents/<int:number>/verify": ("POST /incidents/{incident}/verify", "incident verify"),
    "incidents/<int:number>/findings/impact": ("PUT /incidents/{incident}/impact", "incident impact"),
    "incidents/<int:number>/findings/affected": ("PUT /incidents/{incident}/affected", "incident affected"),
    "incidents/<int:number>/findings/affected-add": ("POST /incidents/{incident}/affected", "incident affected"),
    "incidents/<int:number>/findings/hypotheses": ("POST /incidents/{incident}/hypotheses", "incident think"),
    "incidents/<int:number>/findings/hypotheses-settle": (
        "POST /incidents/{incident}/hypotheses/{hypothesis}",
        "incident settle",
    ),
    "incidents/<int:number>/findings/moments": ("POST /incidents/{incident}/moments", "incident moment"),
    "incidents/<int:number>/findings/follow": ("POST /incidents/{incident}/follow-ups", "incident follow-up"),
    "incidents/<int:number>/findings/follow-settle": (
        "POST /incidents/{incident}/follow-ups/{follow_up}",
        "incident settle-follow-up",
    ),
    "incidents/<int:number>/findings/changes": ("POST /incidents/{incident}/changes", "incident propose"),
    "incidents/<int:number>/findings/changes-approve": (
        "POST /incidents/{incident}/changes/{number}",
        "incident change",
    ),
    "incidents/<int:number>/findings/changes-decline": (
        "POST /incidents/{incident}/changes/{number}",
        "incident change",
    ),
    "incidents/<int:number>/findings/changes-apply": (
        "POST /incidents/{incident}/changes/{number}",
        "incident change",
    ),
    "incidents/<int:number>/findings/changes-observe": (
        "POST /incidents/{incident}/changes/{number}",
        "incident change",
    ),
    "incidents/<int:number>/findings/changes-roll-back": (
        "POST /incidents/{incident}/changes/{number}",
        "incident change",
    ),
    "incidents/<int:number>/chat/try-now": ("POST /incidents/{incident}/chat/try-now", "incident chat"),
    "incidents/<int:number>/bridge": ("POST /incidents/{incident}/bridge", "incident bridge"),
    "incidents/<int:number>/findings/facing": ("PUT /incidents/{incident}/impact", "incident impact"),
    "incidents/<int:number>/communication/asked": ("PUT /incidents/{incident}/communications/asked", "incident asked"),
    "incidents/<int:number>/communication/told": (
        "POST /incidents/{incident}/communications/{item}/told",
        "incident told",
    ),
    "incidents/<int:number>/communication/write/<str:item>": (
        "PUT /incidents/{incident}/communications/{item}",
        "incident draft",
    ),
    "incidents/<int:number>/communication/<uuid:statement_id>/publish": (
        "POST /incidents/{incident}/communications/{item}",
        "incident publish",
    ),
    "incidents/<int:number>/communication/<uuid:statement_id>/ask": (
        "POST /incidents/{incident}/communications/{item}",
        "incident approval",
    ),
    "incidents/<int:number>/communication/<uuid:statement_id>/discard": (
        "POST /incidents/{incident}/communications/{item}",
        "incident discard",
    ),
    "incidents/<int:number>/communication/<uuid:statement_id>/send-again": (
        "POST /incidents/{incident}/communications/{item}",
        "incident send-again",
    ),
    "incidents/<int:number>/communication/<uuid:statement_id>/approve": (
        "POST /incidents/{incident}/communications/{item}/decision",
        "incident approval",
    ),
    "incidents/<int:number>/communication/<uuid:statement_id>/decline": (
        "POST /incidents/{incident}/communications/{item}/decision",
        "incident approval",
    ),
    "admin/communication/approvals": ("PUT /communication-approvals/{audience}", "communication approver"),
    "admin/communication/templates/<str:audience>/<str:moment>": (
        "PUT /communication-templates/{audience}/{moment}",
        "communication template",
    ),
    "admin/communication/contacts": ("POST /customer-contacts", "communication add-contacts"),
    "admin/communication/contacts/remove": ("DELETE /customer-contacts/{contact}", "communication remove-contact"),
    "admin/communication/subscriptions": ("POST /stakeholder-subscriptions", "communication subscribe"),
    "admin/communication/subscriptions/<uuid:subscription_id>/end": (
        "DELETE /stakeholder-subscriptions/{subscription}",
        "communication unsubscribe",
    ),
    "me/subscriptions": ("POST /stakeholder-subscriptions", "communication subscribe"),
    "me/subscriptions/<uuid:subscription_id>/end": (
        "DELETE /stakeholder-subscriptions/{subscription}",
        "communication unsubscribe",
    ),
    "a/<str:token>": ("POST /alerts/{alert}/acknowledge", "alert acknowledge"),
    "schedules/new": ("POST /schedules", APPLY),
    "schedules/<uuid:schedule_id>/edit": ("PUT /schedules/{name}", APPLY),
    "schedules/<uuid:schedule_id>/rotations": ("PUT /schedules/{name}/rotations", APPLY),
    "schedules/<uuid:schedule_id>/archive": ("DELETE /schedules/{name}", APPLY),
    "schedules/<uuid:schedule_id>/overrides": ("POST /schedules/{name}/overrides", "override add"),
    "schedules/<uuid:schedule_id>/overrides/<uuid:override_id>/cancel": (
        "DELETE /schedules/{name}/overrides/{override}",
        "override end",
    ),
    "policies/new": ("POST /policies", APPLY),
    "policies/<uuid:policy_id>/edit": ("PUT /policies/{name}", APPLY),
    "policies/<uuid:policy_id>/archive": ("DELETE /policies/{name}", APPLY),
    "roles/<str:role>": ("PUT /roles/{role}", APPLY),
    "services/new": ("POST /services", APPLY),
    "services/<uuid:service_id>/edit": ("PUT /services/{name}", APPLY),
    "services/<uuid:service_id>/archive": ("DELETE /services/{name}", APPLY),
    "services/<uuid:service_id>/checks": ("PUT /services/{name}/checks", "service check"),
    "services/<uuid:service_id>/dependencies": ("PUT /services/{name}/dependencies", "service needs"),
    "services/<uuid:service_id>/integrations": ("POST /services/{name}/integrations", APPLY),
    "services/<uuid:service_id>/integrations/<uuid:integration_id>/reveal": (
        "POST /services/{name}/integrations/{integration}/reveal",
        "export",
    ),
    "services/<uuid:service_id>/integrations/<uuid:integration_id>/remove": (
        "DELETE /services/{name}/integrations/{integration}",
        APPLY,
    ),
    "services/<uuid:service_id>/maintenance": ("POST /maintenance", "maintenance plan"),
    "services/<uuid:service_id>/maintenance/<uuid:window_id>/end": ("DELETE /maintenance/{window}", "maintenance end"),
    "status-page/publish": ("POST /status-page/incidents", "status-page publish"),
    "status-page/incidents/<uuid:public_id>/update": (
        "POST /status-page/incidents/{public}/updates",
        "status-page publish",
    ),
    "status-page/updates/<uuid:update_id>/correct": ("PUT /status-page/updates/{update}", "status-page correct"),
    "status-page/updates/<uuid:update_id>/retract": (
        "POST /status-page/updates/{update}/retract",
        "status-page retract",
    ),
    "status-page/look": ("PUT /status-page", "status-page settings"),
    "status-page/logo": ("PUT /status-page/logo", "status-page logo"),
    "status-page/components/new": ("POST /status-page/components", "status-page component"),
    "status-page/components/<uuid:component_id>": (
        "PUT /status-page/components/{component}",
        "status-page component",
    ),
    "status-page/components/<uuid:component_id>/remove": (
        "DELETE /status-page/components/{component}",
        "status-page component",
    ),
    "status-page/maintenance/new": ("POST /status-page/maintenance", "status-page maintenance"),
    "status-page/maintenance/<uuid:maintenance_id>/end": (
        "DELETE /status-page/maintenance/{maintenance}",
        "status-page maintenance",
    ),
    "status-page/subscribers/<uuid:subscriber_id>/remove": (
        "DELETE /status-page/subscribers/{subscriber}",
        "status-page subscriber",
    ),
    "people/new": ("POST /people", APPLY),
    "people/<uuid:person_id>/edit": ("PUT /people/{name}", APPLY),
    "people/<uuid:person_id>/disable": ("POST /people/{name}/disable", "person disable"),
    "people/<uuid:person_id>/enable": ("POST /people/{name}/enable", "person enable"),
    "people/<uuid:person_id>/invite": ("POST /people/{name}/setup-link", "person setup-link"),
    "people/<uuid:person_id>/contacts": ("POST /people/{name}/contacts", APPLY),
    "people/<uuid:person_id>/contacts/<uuid:contact_id>/confirm": (
        "POST /people/{name}/contacts/{contact}/verify",
        APPLY,
    ),
    "people/<uuid:person_id>/contacts/<uuid:contact_id>/test": (
        "POST /people/{name}/contacts/{contact}/test",
        "contact test",
    ),
    "people/<uuid:person_id>/contacts/<uuid:contact_id>/remove": ("DELETE /people/{name}/contacts/{contact}", APPLY),
    "people/<uuid:person_id>/rules/<str:urgency>": ("PUT /people/{name}/rules/{urgency}", APPLY),
    "teams/new": ("POST /teams", APPLY),
    "teams/<uuid:team_id>/edit": ("PUT /teams/{name}", APPLY),
    "teams/<uuid:team_id>/archive": ("DELETE /teams/{name}", APPLY),
    "me/profile": ("PATCH /me", APPLY),
    "me/contacts": ("POST /people/{name}/contacts", APPLY),
    "me/contacts/<uuid:contact_id>/code": ("POST /people/{name}/contacts/{contact}/send-code", "contact send-code"),
    "me/contacts/<uuid:contact_id>/confirm": ("POST /people/{name}/contacts/{contact}/confirm", "contact confirm"),
    "me/contacts/<uuid:contact_id>/test": ("POST /people/{name}/contacts/{contact}/test", "contact test"),
    "me/contacts/<uuid:contact_id>/remove": ("DELETE /people/{name}/contacts/{contact}", APPLY),
    "me/rules/<str:urgency>": ("PUT /people/{name}/rules/{urgency}", APPLY),
    "me/chat-accounts/code": ("POST /me/chat-accounts/code", "chat link"),
    "me/chat-accounts/<int:account_id>/unlink": ("DELETE /me/chat-accounts/{account}", "chat unlink"),
    "me/tokens/create": ("POST /tokens", "token create"),
    "me/tokens/<uuid:token_id>/revoke": ("DELETE /tokens/{token}", "token revoke"),
    "admin/organization": ("PUT /organization", APPLY),
    "admin/tokens/<uuid:token_id>/revoke": ("DELETE /tokens/{token}", "token revoke"),
    "admin/bridges/new": ("POST /bridges", "bridge add"),
    "admin/bridges/<uuid:bridge_id>/edit": ("PUT /bridges/{name}", "bridge change"),
    "admin/bridges/<uuid:bridge_id>/remove": ("DELETE /bridges/{name}", "bridge remove"),
    "admin/process": ("POST /process/apply", "process apply"),
    "admin/event-hooks/new": ("POST /event-hooks", "event-hook add"),
    "admin/event-hooks/<uuid:hook_id>/edit": ("PUT /event-hooks/{hook}", "event-hook change"),
    "admin/event-hooks/<uuid:hook_id>/secret": ("POST /event-hooks/{hook}/secret", "event-hook secret"),
    "admin/event-hooks/<uuid:hook_id>/pause": ("POST /event-hooks/{hook}/pause", "event-hook pause"),
    "admin/event-hooks/<uuid:hook_id>/resume": ("POST /event-hooks/{hook}/resume", "event-hook resume"),
    "admin/event-hooks/<uuid:hook_id>/remove": ("DELETE /event-hooks/{hook}", "event-hook remove"),
    "admin/event-hooks/<uuid:hook_id>/deliveries/<uuid:delivery_id>/redeliver": (
        "POST /event-hooks/{hook}/deliveries/{delivery}/redeliver",
        "event-hook redeliver",
    ),
}
TAKES_A_FORM = re.compile(r'require_POST|method (?:==|!=) "POST"|require_http_methods|request\.POST')


def forms() -> set[str]:
    return {str(address.pattern) for address in urlpatterns if TAKES_A_FORM.search(getsource(address.callback))}


def operations() -> Iterator[str]:
    for prefix, router in api._routers:
        for path, view in router.path_operations.items():
            for operation in view.operations:
                yield from (f"{method} {prefix}{path}".rstrip("/") for method in operation.methods)


def commands() -> set[str]:
    top = typer.main.get_command(root())
    assert isinstance(top, TyperGroup)
    found = set(top.commands)
    for name, command in top.commands.items():
        found |= {f"{name} {inner}" for inner in getattr(command, "commands", {})}
    return found


def test_every_form_is_in_the_table() -> None:
    assert forms() - set(TABLE) == set()


def test_the_reader_of_sources_finds_forms() -> None:
    assert {"alerts/<uuid:alert_id>/acknowledge", "schedules/new", "me/tokens/create"} <= forms()


@pytest.mark.parametrize("screen", TABLE)
def test_what_the_table_names_is_there(screen: str) -> None:
    operation, command = TABLE[screen]

    assert screen in {str(address.pattern) for address in urlpatterns}
    assert operation in set(operations())
    assert command in commands()
