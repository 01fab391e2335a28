"""The addresses under /status that take forms; the page itself is shown by `app.py`."""

from django.urls import URLPattern, path

from watchbill.doors.status_page import screens

urlpatterns: list[URLPattern] = [
    path("status/subscribe", screens.subscribe),
    path("status/confirm/<str:token>", screens.confirm_link),
    path("status/unsubscribe/<str:token>", screens.unsubscribe_link),
]
