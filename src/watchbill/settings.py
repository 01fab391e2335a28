"""Django's settings, made from `config`."""

from urllib.parse import parse_qsl, unquote, urlsplit

from watchbill import config as instance
from watchbill.domain.access.sign_in_rules import SESSION_IDLE_MAX

_config = instance.config()
_url = urlsplit(instance.database_url())
_options = dict(parse_qsl(_url.query))
_is_https = _config.base_url.startswith("https://")

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
    "watchbill.doors.web",  # before allauth: its templates win
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "watchbill.domain.access",
    "watchbill.domain.audit",
    "watchbill.domain.process",
    "watchbill.domain.people",
    "watchbill.domain.timers",
    "watchbill.domain.errands",
    "watchbill.domain.oncall",
    "watchbill.domain.paging",
    "watchbill.domain.escalation",
    "watchbill.domain.services",
    "watchbill.domain.alerts",
    "watchbill.domain.heartbeats",
    "watchbill.domain.incidents",
    "watchbill.domain.bridges",
    "watchbill.domain.warrooms",
    "watchbill.domain.status_page",
    "watchbill.domain.communications",
    "watchbill.domain.event_hooks",
    "watchbill.domain.verification",
]

MIDDLEWARE = [
    "watchbill.doors.web.client_address.ClientAddress",
    "watchbill.doors.web.headers.SecurityHeaders",
    "watchbill.doors.web.way_back.WayBack",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "watchbill.doors.web.sessions.SessionEnd",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

DATABASES = {
    "default": {
        "ENGINE": "watchbill.ground.database",
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

# TOTP codes that were used are remembered here, so it must be one for all processes.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "access_cache"}}

PASSWORD_HASHERS = ["watchbill.domain.access.password_hash.Argon2id"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
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
                "watchbill.doors.web.page.frame",
            ],
            "builtins": [
                "watchbill.doors.web.components",
                "watchbill.doors.web.process_words",
                "watchbill.doors.web.incident_shared",
            ],
        },
    }
]

# Signing in. The screens are ours, the steps between password, second factor and session are allauth's.
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "/sign-in"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "watchbill.doors.web.sign_in.account_adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_REDIRECT_URL = "/sign-in"
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
ACCOUNT_RATE_LIMITS = False  # counted by address and network together in access.SignInFailure
MFA_ADAPTER = "watchbill.doors.web.sign_in.mfa_adapter.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Watchbill"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not _is_https  # browsers allow it for localhost only
MFA_FORMS = {
    "authenticate": "watchbill.doors.web.sign_in.code_forms.AuthenticateForm",
    "reauthenticate": "watchbill.doors.web.sign_in.code_forms.ReauthenticateForm",
}
USERSESSIONS_TRACK_ACTIVITY = False
SOCIALACCOUNT_ADAPTER = "watchbill.doors.web.sign_in.oidc_adapter.OidcAdapter"
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False  # decided in the adapter: one issuer, a verified address, an account
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_LOGIN_ON_GET = False
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": instance.oidc_provider_id(),
                "name": _config.oidc_name or "your organization's account",
                "client_id": _config.oidc_client_id,
                "secret": _config.oidc_client_secret.get_secret_value(),
                "settings": {"server_url": _config.oidc_server_url},
            }
        ]
        if _config.oidc_server_url
        else [],
    }
}

# Cookies and forms. A `__Host-` cookie is one that no other host and no plain connection can set.
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = int(SESSION_IDLE_MAX.total_seconds())  # idle; the absolute end is in doors.web.sessions
SESSION_COOKIE_NAME = "__Host-watchbill" if _is_https else "watchbill"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _is_https
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "__Host-watchbill-form" if _is_https else "watchbill-form"
CSRF_TRUSTED_ORIGINS = ["{0.scheme}://{0.netloc}".format(urlsplit(_config.base_url))]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if _is_https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _is_https
CSRF_FAILURE_VIEW = "watchbill.doors.web.errors.form_refused"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
# `client_address` takes the header away from everybody but the trusted proxies.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

STATIC_URL = "/static/"
LOGGING_CONFIG = None
