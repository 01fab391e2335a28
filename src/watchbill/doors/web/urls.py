"""Every address of the screens, in one table."""

from django.urls import URLPattern, path

from watchbill.doors.web.assets import serve
from watchbill.doors.web.screens import acknowledge_link, alert, alerts, now

urlpatterns: list[URLPattern] = [
    path("static/<str:address>", serve),
    path("", now.now_screen),
    path("alerts", alerts.alert_list),
    path("alerts/<uuid:alert_id>", alert.alert_page),
    path("alerts/<uuid:alert_id>/acknowledge", alert.acknowledge),
    path("alerts/<uuid:alert_id>/resolve", alert.resolve),
    path("alerts/<uuid:alert_id>/snooze", alert.snooze),
    path("alerts/<uuid:alert_id>/escalate", alert.escalate),
    path("alerts/<uuid:alert_id>/reassign", alert.reassign),
    path("a/<str:token>", acknowledge_link.acknowledge_link),
]
