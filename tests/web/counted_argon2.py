"""The product's password hasher, counting what costs the time: set it in `PASSWORD_HASHERS`, as Django documents."""

from typing import Any

from watchbill.domain.access.password_hash import Argon2id

computed: list[str] = []


class CountedArgon2(Argon2id):
    """Hashing and verifying are the same computation with the same parameters."""

    def encode(self, *values: Any, **more: Any) -> str:
        computed.append("hash")
        return super().encode(*values, **more)

    def verify(self, *values: Any, **more: Any) -> bool:
        computed.append("verify")
        return super().verify(*values, **more)
