"""How passwords are kept: argon2id, with figures of our own so that no upgrade of a library changes them unseen."""

import unicodedata

from django.contrib.auth.hashers import Argon2PasswordHasher

# No password is longer. A stranger at the sign-in chooses the length, and composing letters takes time with its square.
_COMPOSED_MAX = 1000


class Argon2id(Argon2PasswordHasher):
    """The same characters count as the same however a keyboard composes them: a phone and a laptop may differ."""

    memory_cost = 100 * 1024  # KiB
    time_cost = 2
    parallelism = 8

    def encode(self, password: str, salt: str) -> str:
        return super().encode(_composed(password), salt)

    def verify(self, password: str, encoded: str) -> bool:
        return super().verify(_composed(password), encoded)


def _composed(password: str) -> str:
    return unicodedata.normalize("NFKC", password) if len(password) <= _COMPOSED_MAX else password
