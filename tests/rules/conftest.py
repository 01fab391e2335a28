"""Rules are tried with the same examples in every run, so a failure is news about the code and not about the dice."""

from hypothesis import settings

settings.register_profile("rules", derandomize=True, deadline=None, max_examples=60, print_blob=True)
settings.load_profile("rules")
