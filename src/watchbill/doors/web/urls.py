"""Every address of the screens, in one table."""

from django.urls import URLPattern, path

from watchbill.doors.web.assets import serve
from watchbill.doors.web.screens import alerts, now

urlpatterns: list[URLPattern] = [
    path("static/<str:address>", serve),
    path("", now.now_screen),
    path("alerts", alerts.alert_list),
]
