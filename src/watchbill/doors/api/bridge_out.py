"""The bridge of an incident as the API shows it."""

from uuid import UUID

from watchbill.domain.bridges.reads import JoinBy, bridge_of
from watchbill.doors.api.values import Output


class JoinOut(Output):
    """`tel` dials number and PIN at once."""

    name: str
    kind: str
    url: str
    phone: str
    pin: str
    tel: str


class IncidentBridgeOut(Output):
    """`voice` is the bridge, `backup` the phone bridge. `trouble`: why no meeting of its own could be made."""

    voice: JoinOut | None
    backup: JoinOut | None
    is_making: bool
    trouble: str


def bridge_out(incident_id: UUID) -> IncidentBridgeOut:
    held = bridge_of(incident_id)
    return IncidentBridgeOut(
        voice=_join(held.voice), backup=_join(held.backup), is_making=held.is_making, trouble=held.trouble
    )


def _join(way: JoinBy | None) -> JoinOut | None:
    if way is None:
        return None
    return JoinOut(name=way.name, kind=way.kind, url=way.url, phone=way.phone, pin=way.pin, tel=way.tel)
