"""Static files: an explicit list, named by their content, kept forever by browsers, no collecting step."""

import gzip
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from django.http import Http404, HttpRequest, HttpResponse

_ASSETS: tuple[tuple[str, str, str, str], ...] = (
    # name, package, path in it, media type
    ("watchbill.css", "watchbill.doors.web", "static/watchbill.css", "text/css; charset=utf-8"),
    ("watchbill.js", "watchbill.doors.web", "static/watchbill.js", "text/javascript; charset=utf-8"),
    ("htmx.js", "django_htmx", "static/django_htmx/htmx-2.min.js", "text/javascript; charset=utf-8"),
    ("sse.js", "django_htmx", "static/django_htmx/ext/hx-sse-2.min.js", "text/javascript; charset=utf-8"),
    ("webauthn-json.js", "allauth.mfa", "static/mfa/js/webauthn-json.js", "text/javascript; charset=utf-8"),
    ("webauthn.js", "allauth.mfa", "static/mfa/js/webauthn.js", "text/javascript; charset=utf-8"),
    ("allauth-onload.js", "allauth.account", "static/account/js/onload.js", "text/javascript; charset=utf-8"),
    ("favicon.svg", "watchbill.doors.web", "static/favicon.svg", "image/svg+xml"),
)


@dataclass(frozen=True, slots=True)
class Asset:
    address: str
    media_type: str
    plain: bytes
    packed: bytes


@lru_cache(maxsize=1)
def _register() -> dict[str, Asset]:
    """By name. Read once: an upgrade restarts the process."""
    found = {}
    for name, package, path, media_type in _ASSETS:
        plain = files(package).joinpath(path).read_bytes()
        stem, _, ending = name.rpartition(".")
        version = hashlib.sha256(plain).hexdigest()[:12]
        found[name] = Asset(f"{stem}.{version}.{ending}", media_type, plain, gzip.compress(plain, mtime=0))
    return found


def asset_address(name: str) -> str:
    return "/static/" + _register()[name].address


def serve(request: HttpRequest, address: str) -> HttpResponse:
    asset = next((asset for asset in _register().values() if asset.address == address), None)
    if asset is None:
        raise Http404(address)
    packed = "gzip" in request.headers.get("Accept-Encoding", "")
    response = HttpResponse(asset.packed if packed else asset.plain, content_type=asset.media_type)
    if packed:
        response["Content-Encoding"] = "gzip"
    response["Vary"] = "Accept-Encoding"
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
