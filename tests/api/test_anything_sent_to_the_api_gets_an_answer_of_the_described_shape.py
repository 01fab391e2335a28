"""Generated requests against every operation of the description: never a failure, always an answer as described."""

from datetime import timedelta

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from tests.harness.alerts import fire
from tests.harness.api import caller
from tests.harness.cast import Cast

schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())


@pytest.fixture
def token(cast: Cast) -> str:
    fire(cast)
    return caller(cast.people["owner"]).token


@schema.parametrize()
@settings(
    max_examples=4,
    deadline=timedelta(seconds=10),
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)
def test_every_operation_answers_as_described(token: str, case: schemathesis.Case) -> None:
    response = case.call(headers={"Authorization": f"Bearer {token}"})

    case.validate_response(response, checks=(not_a_server_error, content_type_conformance, response_schema_conformance))
