"""How it shows, in either driver, that the database is away or did not say what it did."""

from asyncpg.exceptions import InterfaceError, PostgresError
from django.db import DatabaseError

AWAY = (PostgresError, InterfaceError, DatabaseError, OSError, TimeoutError)
