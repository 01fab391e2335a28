"""Django's PostgreSQL with one difference; Django wants it as a package with a module `base`."""
