"""Who somebody in Matrix is by address, as far as the homeserver vouches for it.

Two ways: Synapse tells an account that may administer it the addresses that its people confirmed; or the organization
says that names there are the names of its addresses (`MatrixSettings.mail_domain`).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from watchbill.chat.matrix_api import MatrixApi, Reply, at, refused
from watchbill.chat.matrix_settings import MatrixSettings
from watchbill.domain.warrooms.contract import Profile, Trouble

_ADMIN = "/_synapse/admin"
# A homeserver of another make, or an account that may not administer it.
_NO_ADMIN = frozenset({"M_FORBIDDEN", "M_UNRECOGNIZED", "HTTP 404", "HTTP 405"})
_NOT_THERE = frozenset({"M_NOT_FOUND"})
_CANNOT_FIND = (
    "nobody can be found in Matrix by address: set WATCHBILL_MATRIX_MAIL_DOMAIN, if people's names there are those of "
    "their addresses; or let Watchbill's account administer Synapse"
)


class MatrixPeople:
    def __init__(self, api: MatrixApi, settings: MatrixSettings) -> None:
        self._api = api
        self._domain = settings.mail_domain.lower().removeprefix("@")

    async def find(self, email: str, *, home: str, now: datetime) -> str | Trouble:
        """The name in Matrix, "" when nobody there has the address."""
        name, _, domain = email.lower().rpartition("@")
        if self._domain and domain == self._domain:
            return await self._if_there(f"@{name}:{home}", now=now)
        path = at("v1", "threepid", "email", "users", email, base=_ADMIN)
        reply = await self._api.call("GET", path, now=now)
        if not isinstance(reply, Reply):
            return reply
        if reply.error in _NO_ADMIN | _NOT_THERE:
            return ""
        return refused(reply) if reply.error else str(reply.data.get("user_id") or "")

    async def profile(self, external_id: str, *, home: str, now: datetime) -> Profile | Trouble:
        """People of other homeservers have no address: theirs say what they like."""
        is_ours = external_id.partition(":")[2] == home
        if is_ours and not self._domain:
            found = await self._by_admin(external_id, now=now)
            if found is not None:
                return found
        name = await self._name(external_id, now=now)
        if not isinstance(name, str):
            return name
        by_domain = f"{external_id[1:].partition(':')[0]}@{self._domain}" if is_ours and self._domain else ""
        return Profile(external_id=external_id, name=name or external_id, email=by_domain)

    async def complaints(self, *, home: str, now: datetime) -> Sequence[str]:
        if self._domain:
            return ()
        path = at("v1", "threepid", "email", "users", "nobody@example.org", base=_ADMIN)
        reply = await self._api.call("GET", path, now=now)
        if not isinstance(reply, Reply):
            return (reply.why,)
        if reply.error in _NO_ADMIN:
            return (_CANNOT_FIND,)
        return (refused(reply).why,) if reply.error and reply.error not in _NOT_THERE else ()

    async def _by_admin(self, external_id: str, *, now: datetime) -> Profile | Trouble | None:
        """None where we may not ask."""
        reply = await self._api.call("GET", at("v2", "users", external_id, base=_ADMIN), now=now)
        if not isinstance(reply, Reply):
            return reply
        if reply.error in _NO_ADMIN:
            return None
        if reply.error and reply.error not in _NOT_THERE:
            return refused(reply)
        name = str(reply.data.get("displayname") or external_id)
        return Profile(external_id=external_id, name=name[:200], email=_confirmed_address(reply.data))

    async def _name(self, external_id: str, *, now: datetime) -> str | Trouble:
        reply = await self._api.call("GET", at("profile", external_id), now=now)
        if not isinstance(reply, Reply):
            return reply
        return "" if reply.error else str(reply.data.get("displayname") or "")[:200]

    async def _if_there(self, external_id: str, *, now: datetime) -> str | Trouble:
        """A homeserver may let us invite a name that nobody has."""
        reply = await self._api.call("GET", at("profile", external_id), now=now)
        if not isinstance(reply, Reply):
            return reply
        if reply.error == "M_NOT_FOUND":
            return ""
        return refused(reply) if reply.error else external_id


def _confirmed_address(account: Mapping[str, object]) -> str:
    if account.get("deactivated") or account.get("is_guest") or account.get("user_type"):
        return ""
    threepids = account.get("threepids")
    for one in threepids if isinstance(threepids, list) else ():
        if isinstance(one, dict) and one.get("medium") == "email" and one.get("validated_at"):
            return str(one.get("address") or "")
    return ""
