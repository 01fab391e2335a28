"""Makes Django ready when it is imported: every entry into the product imports this before any table."""

import os
import sys

import django
from pydantic import ValidationError

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "watchbill.settings")

try:
    django.setup()
except ValidationError as error:
    for problem in error.errors():
        setting = "WATCHBILL_" + str(problem["loc"][0]).upper() if problem["loc"] else "watchbill.toml"
        sys.stderr.write(f"watchbill: {setting}: {problem['msg']}\n")
    raise SystemExit(1) from error
