"""Where every address of the product leads. One line per door."""

from django.urls import URLPattern, URLResolver, include, path

from watchbill.composition import instance, ways
from watchbill.doors.web.urls import urlpatterns as screens
from watchbill.doors.web.wiring import Wiring, connect

connect(Wiring(ways=ways, secret_key=instance().secret_key, base_url=instance().base_url))

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include((screens, "web"))),
]
