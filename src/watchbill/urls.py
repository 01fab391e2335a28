"""Where every address of the product leads. One line per door."""

from django.urls import URLPattern, URLResolver, include, path

from watchbill.doors.web.urls import urlpatterns as screens

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include((screens, "web"))),
]
