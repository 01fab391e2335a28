"""The REST API: its nouns in one list, errors in one shape, the description at /api/v1/openapi.json."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import URLPattern, re_path
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI, Router
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from watchbill import __version__
from watchbill.doors.api import (
    alerts,
    audit,
    bridges,
    chat,
    communication,
    contacts,
    event_hooks,
    events,
    incident_communications,
    incident_findings,
    incident_room,
    incident_verification,
    incident_work,
    incidents,
    integrations,
    maintenance,
    organization,
    people,
    policies,
    process,
    publications,
    roles,
    schedules,
    services,
    severities,
    status_page,
    teams,
    tokens,
)
from watchbill.doors.api.auth import AUTH
from watchbill.doors.api.problems import MEDIA_TYPE, Problem, answer_errors, problem

NOUNS: tuple[tuple[str, Router], ...] = (
    ("/alerts", alerts.router),
    ("/incidents", incidents.router),
    ("/incidents", incident_work.router),
    ("/incidents", incident_findings.router),
    ("/incidents", bridges.of_incident),
    ("/bridges", bridges.router),
    ("/incidents", chat.of_incident),
    ("/me", chat.of_me),
    ("/incidents", incident_communications.router),
    ("/communication-templates", communication.templates),
    ("/communication-approvals", communication.approvals),
    ("/customer-contacts", communication.contacts),
    ("/stakeholder-subscriptions", communication.subscriptions),
    ("/incidents", incident_room.router),
    ("/incidents", incident_verification.router),
    ("/severities", severities.router),
    ("/schedules", schedules.router),
    ("/policies", policies.router),
    ("/roles", roles.router),
    ("/services", services.router),
    ("/services", integrations.router),
    ("/services", events.router),
    ("/maintenance", maintenance.router),
    ("/status-page", status_page.router),
    ("/status-page", publications.router),
    ("/teams", teams.router),
    ("/people", people.router),
    ("/people", contacts.router),
    ("/me", people.me),
    ("/tokens", tokens.router),
    ("/organization", organization.router),
    ("/process", process.router),
    ("/audit", audit.router),
    ("/event-hooks", event_hooks.router),
)


class Api(NinjaAPI):
    def get_openapi_operation_id(self, operation: Operation) -> str:
        noun = operation.view_func.__module__.rpartition(".")[2]
        return f"{noun}.{operation.view_func.__name__}"

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(**options)
        shape = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schema["components"]["schemas"] |= {**shape.pop("$defs"), "Problem": shape}
        reference = {"schema": {"$ref": "#/components/schemas/Problem"}}
        for operations in schema["paths"].values():
            for operation in operations.values():
                operation["responses"]["default"] = {
                    "description": "What went wrong, and what to do (RFC 9457)",
                    "content": {MEDIA_TYPE: reference},
                }
        return schema


def _build() -> Api:
    api = Api(
        title="Watchbill",
        version=__version__,
        description="Lists come in pages: pass `next` as `cursor`. Instants are UTC. Errors are problem+json.",
        auth=AUTH,
        docs_url=None,
        urls_namespace="api",
    )
    answer_errors(api)
    for prefix, router in NOUNS:
        api.add_router(prefix, router)
    return api


def _in_one_shape(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """The framework answers a wrong method itself, in its own words."""

    @csrf_exempt  # asked for by `AUTH` where a session is used; a token needs none
    def answered(request: HttpRequest, **values: Any) -> HttpResponseBase:
        answer = view(request, **values)
        answer["Cache-Control"] = "no-store"
        if answer.status_code == 405:
            return problem(405, f"This address takes {answer['Allow']}.", headers={"Allow": answer["Allow"]})
        return answer

    return answered


@csrf_exempt
def _nothing_here(request: HttpRequest, rest: str = "") -> HttpResponse:
    return problem(404, "There is no such address. /api/v1/openapi.json lists those there are.")


def _addresses(api: Api) -> list[URLPattern]:
    patterns = [pattern for pattern in api.urls[0] if isinstance(pattern, URLPattern)]
    for pattern in patterns:
        # The root only tells the description where it stands.
        pattern.callback = _nothing_here if pattern.name == "api-root" else _in_one_shape(pattern.callback)
    return [*patterns, re_path(r"^(?P<rest>.*)$", _nothing_here)]


api = _build()
urlpatterns = _addresses(api)
