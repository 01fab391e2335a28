"""Who can make bridges, as far as the settings say; the first one is used."""

from watchbill.bridges.meet import MeetMaker, MeetSettings, MeetSettingsRefused, ServiceAccount
from watchbill.bridges.zoom import ZoomMaker, ZoomSettings
from watchbill.domain.bridges.contract import BridgeMaker
from watchbill.ground.http_client import HttpClient


def build_makers(*, http: HttpClient, zoom: ZoomSettings, meet: MeetSettings) -> tuple[BridgeMaker, ...]:
    """Those whose settings are whole; `incomplete` says of the others what they lack."""
    makers: list[BridgeMaker] = []
    if all((zoom.account_id, zoom.client_id, zoom.client_secret)):
        makers.append(ZoomMaker(zoom, http=http))
    if _is_whole(meet) and not _key_trouble(meet):
        makers.append(MeetMaker(meet, http=http))
    return tuple(makers)


def incomplete(*, zoom: ZoomSettings, meet: MeetSettings) -> list[str]:
    """What was begun in the settings and leads to nothing, in words."""
    found = []
    of_zoom = (zoom.account_id, zoom.client_id, zoom.client_secret)
    if any(of_zoom) and not all(of_zoom):
        found.append("Zoom needs all of WATCHBILL_ZOOM_ACCOUNT_ID, _CLIENT_ID and _CLIENT_SECRET")
    of_app = (meet.client_id, meet.client_secret, meet.refresh_token)
    if any(of_app) and not all(of_app) and not meet.service_account:
        found.append("Google Meet needs all of WATCHBILL_MEET_CLIENT_ID, _CLIENT_SECRET and _REFRESH_TOKEN")
    if meet.service_account and not meet.user:
        found.append("a service account acts for somebody: set WATCHBILL_MEET_USER too")
    if trouble := _key_trouble(meet):
        found.append(trouble)
    return found


def _is_whole(meet: MeetSettings) -> bool:
    if meet.service_account:
        return bool(meet.user)
    return all((meet.client_id, meet.client_secret, meet.refresh_token))


def _key_trouble(meet: MeetSettings) -> str:
    if not meet.service_account:
        return ""
    try:
        ServiceAccount.read(meet.service_account)
    except MeetSettingsRefused as error:
        return str(error)
    return ""
