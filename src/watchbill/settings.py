"""Django's settings, made from `config`."""

from urllib.parse import parse_qsl, unquote, urlsplit

from watchbill import config as instance

_config = instance.config()
_url = urlsplit(instance.database_url())
_options = dict(parse_qsl(_url.query))

SECRET_KEY = instance.secret_key_if_any()  # Django refuses by itself what needs one and has none
DEBUG = False
ALLOWED_HOSTS = [host.strip() for host in _config.allowed_hosts.split(",") if host.strip()]
ROOT_URLCONF = "watchbill.urls"
AUTH_USER_MODEL = "access.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
USE_I18N = False

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "watchbill.domain.access",
    "watchbill.domain.audit",
    "watchbill.domain.process",
    "watchbill.domain.people",
    "watchbill.domain.timers",
    "watchbill.domain.oncall",
    "watchbill.domain.paging",
    "watchbill.domain.escalation",
    "watchbill.domain.services",
    "watchbill.domain.alerts",
    "watchbill.domain.heartbeats",
    "watchbill.doors.web",
]

MIDDLEWARE = [
    "watchbill.doors.web.headers.SecurityHeaders",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _url.path.lstrip("/") or "watchbill",
        "USER": unquote(_url.username or ""),
        "PASSWORD": unquote(_url.password or ""),
        "HOST": _options.pop("host", None) or _url.hostname or "",
        "PORT": str(_url.port or ""),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        # Poolers in transaction mode lose server-side cursors and prepared statements.
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "OPTIONS": {"application_name": "watchbill", **_options},
    }
}

PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "builtins": ["watchbill.doors.web.components"],
        },
    }
]

STATIC_URL = "/static/"
LOGGING_CONFIG = None
