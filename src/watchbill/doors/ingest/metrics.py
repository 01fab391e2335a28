"""`/metrics`, for Prometheus."""

import ipaddress

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from watchbill.doors.ingest import answers
from watchbill.doors.ingest.answers import Answer
from watchbill.doors.ingest.request import Request
from watchbill.ground.secrets import same


def metrics(request: Request, *, token: str) -> Answer:
    if not _may_read(request, token):
        return answers.plain(403, "Give the metrics token as a bearer token, or ask from this host.\n")
    return answers.plain(200, generate_latest().decode(), content_type=CONTENT_TYPE_LATEST.encode())


def _may_read(request: Request, token: str) -> bool:
    """With a token only the token counts: behind a proxy on this host every visitor seems to be local."""
    if token:
        scheme, _, given = request.headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        return scheme.lower() == "bearer" and same(given.strip(), token)
    try:
        return ipaddress.ip_address(request.source_address).is_loopback
    except ValueError:
        return False
