"""The tests run on a real PostgreSQL of their own; set the instance's settings before Django reads them."""

import os
import tempfile

from tests.harness import postgres

os.environ["WATCHBILL_DATA_DIR"] = tempfile.mkdtemp(prefix="watchbill-data-")
os.environ["WATCHBILL_SECRET_KEY"] = "for tests only"
os.environ["WATCHBILL_DATABASE_URL"] = postgres.server().url()
os.environ["WATCHBILL_OUTBOUND_ALLOW"] = "127.0.0.0/8"
os.environ["WATCHBILL_BASE_URL"] = "http://watchbill.example.org"

# Not by naming the settings in pyproject.toml: pytest would read them there before the lines above.
import watchbill.bootstrap  # noqa: F401 - makes Django ready
