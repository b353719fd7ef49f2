"""Django settings. Everything a site of ours changes comes from the environment; nothing secret has a default."""

import os
from typing import Any

import dj_database_url

from fabrica.server.config.own_secrets import secret
from fabrica.values.home import home

HOME = home()
DEBUG = False
SECRET_KEY = os.environ.get("FABRICA_SECRET_KEY") or secret("secret-key")
SIGNING_KEY = os.environ.get("FABRICA_SIGNING_KEY") or secret("signing-key")
"""Secret from which the key is derived that signs answers to agents. Agents are enrolled anew when it changes."""
PUBLIC_URL = os.environ.get("FABRICA_PUBLIC_URL", "http://127.0.0.1:8400").rstrip("/")
ALLOWED_HOSTS = os.environ.get("FABRICA_ALLOWED_HOSTS", "127.0.0.1,localhost,[::1],testserver").split(",")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]

PROCESS_URL = os.environ.get("FABRICA_PROCESS_URL", "")
"""Where other processes of this server reach this one; empty: at the host and port it listens on."""

STORAGE = os.environ.get("FABRICA_STORAGE", str(HOME / "server" / "storage"))
"""Where bundles, outputs and records lie: a folder, or `s3://bucket` with the usual AWS variables."""

OFFICIAL_TEXTS = os.environ.get("FABRICA_OFFICIAL_TEXTS", str(HOME / "aiact" / "texts"))
"""The folder of official texts that questions to the AI Act desk are answered from too: `fabrica aiact import`."""

IDEMPOTENCY_DAYS = int(os.environ.get("FABRICA_IDEMPOTENCY_DAYS", "7"))
"""How long a request sent again with its `Idempotency-Key` is answered from what is kept."""

INSTALLED_APPS = [
    "fabrica.server.portal",
    "fabrica.server.planning",
    "fabrica.server.aiact",
    "fabrica.server.evidence",
    "fabrica.server.attachments",
    "fabrica.server.runs",
    "fabrica.server.placement",
    "fabrica.server.access",
    "fabrica.server.ledger",
    "fabrica.server.sites",
    "fabrica.server.people",
    "fabrica.server.core",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "csp",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "fabrica.server.config.middleware.FragmentMiddleware",
    "fabrica.server.config.middleware.ActorMiddleware",
    "fabrica.server.config.middleware.ProblemMiddleware",
]
ROOT_URLCONF = "fabrica.server.config.urls"
WSGI_APPLICATION = "fabrica.server.config.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "fabrica.server.portal.context.shell",
            ]
        },
    }
]


def _database() -> dict[str, Any]:
    url = os.environ.get("FABRICA_DATABASE_URL") or f"sqlite:///{HOME / 'server' / 'fabrica.sqlite3'}"
    database: dict[str, Any] = {**dj_database_url.parse(url), "CONN_MAX_AGE": 300, "CONN_HEALTH_CHECKS": True}
    if "sqlite" in database["ENGINE"]:
        database["ENGINE"] = "fabrica.server.core.sqlite"
        database["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",  # a writer waits at its start and never fails half-way on a lock
            "timeout": 30,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
        }
    return database


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
LOGIN_REDIRECT_URL = "portal:home"
LOGIN_URL = "account_login"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
SIGN_UP_OPEN = os.environ.get("FABRICA_SIGN_UP") == "open"
ACCOUNT_ADAPTER = "fabrica.server.people.adapters.AccountAdapter"
SOCIALACCOUNT_ADAPTER = "fabrica.server.people.adapters.SocialAccountAdapter"
SOCIALACCOUNT_LOGIN_ON_GET = False


def oidc_providers(server_url: str, name: str, client_id: str, client_secret: str) -> dict[str, Any]:
    """Return the one OpenID Connect provider of a server, or none when no address is given.

    Whoever the office added before comes in as themselves: the provider is the organisation's own, so an e-mail
    address it has verified is believed.
    """
    if not server_url:
        return {}
    app = {
        "provider_id": "oidc",
        "name": name,
        "client_id": client_id,
        "secret": client_secret,
        "settings": {"server_url": server_url, "oauth_pkce_enabled": True, "email_authentication": True},
    }
    return {"openid_connect": {"APPS": [app]}}


SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_PROVIDERS = oidc_providers(
    os.environ.get("FABRICA_OIDC_URL", ""),
    os.environ.get("FABRICA_OIDC_NAME", "your organisation"),
    os.environ.get("FABRICA_OIDC_CLIENT_ID", ""),
    os.environ.get("FABRICA_OIDC_CLIENT_SECRET", ""),
)
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

SECURE = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = True
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"] + ([os.environ["FABRICA_OIDC_URL"]] if os.environ.get("FABRICA_OIDC_URL") else []),
        "frame-ancestors": ["'none'"],
    }
}

LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 2**20  # JSON and forms, an agent's 2 MiB escaped included; files are read in parts
FILE_UPLOAD_HANDLERS = [
    "fabrica.server.core.uploads.BoundedUpload",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
EMAIL_FROM = os.environ.get("FABRICA_EMAIL_FROM", "")
"""The sender of what this server mails by itself; empty: it mails nothing."""
EMAIL_HOST = os.environ.get("FABRICA_EMAIL_HOST", "")
EMAIL_PORT = int(os.environ.get("FABRICA_EMAIL_PORT", "587"))
EMAIL_HOST_USER = os.environ.get("FABRICA_EMAIL_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("FABRICA_EMAIL_PASSWORD", "")
EMAIL_USE_SSL = os.environ.get("FABRICA_EMAIL_SECURITY") == "tls"
# a word that nobody knows is no way around encryption
EMAIL_USE_TLS = os.environ.get("FABRICA_EMAIL_SECURITY") not in ("tls", "none")
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = EMAIL_FROM or "webmaster@localhost"
EMAIL_BACKEND = os.environ.get(
    "FABRICA_EMAIL_BACKEND", f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'console'}.EmailBackend"
)

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "fabrica.server.config.logs.JsonLine"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {"django.request": {"level": "ERROR"}},  # what a caller did wrong is told to the caller
    "root": {"handlers": ["stderr"], "level": os.environ.get("FABRICA_LOG_LEVEL", "WARNING")},
}
