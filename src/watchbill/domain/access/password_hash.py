"""How passwords are kept: argon2id, with figures of our own so that no upgrade of a library changes them unseen."""

import unicodedata

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2id(Argon2PasswordHasher):
    """The same characters count as the same however a keyboard composes them: a phone and a laptop may differ."""

    memory_cost = 100 * 1024  # KiB
    time_cost = 2
    parallelism = 8

    def encode(self, password: str, salt: str) -> str:
        return super().encode(unicodedata.normalize("NFKC", password), salt)

    def verify(self, password: str, encoded: str) -> bool:
        return super().verify(unicodedata.normalize("NFKC", password), encoded)
