"""Where every address of the product leads. One line per door."""

from django.urls import URLPattern, URLResolver, include, path

from watchbill.composition import (
    attachment_limits,
    can_mail,
    chat_hosts,
    contact_kinds,
    has_metrics,
    instance,
    slack_settings,
    ways,
)
from watchbill.doors.api.app import urlpatterns as api
from watchbill.doors.callbacks import slack
from watchbill.doors.status_page.urls import urlpatterns as status_page
from watchbill.doors.web import errors
from watchbill.doors.web.sign_in.urls import urlpatterns as sign_in
from watchbill.doors.web.urls import urlpatterns as screens
from watchbill.doors.web.wiring import Wiring, connect

connect(
    Wiring(
        ways=ways,
        contact_kinds=contact_kinds,
        secret_key=instance().secret_key,
        base_url=instance().base_url,
        chat_hosts=chat_hosts,
        slack_signing_secret=slack_settings().signing_secret if slack_settings().bot_token else "",
        can_mail=can_mail,
        attachments=attachment_limits(),
        has_metrics=has_metrics(),
    )
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include((api, "api"))),
    path("callbacks/slack", slack.callback),
    path("", include(status_page)),
    path("", include(sign_in)),
    path("", include((screens, "web"))),
]

handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.server_error
