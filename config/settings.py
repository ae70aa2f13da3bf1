"""Every setting, read from the environment in this file only. README has the table."""

from pathlib import Path
from typing import Any

from csp.constants import NONCE, SELF
from django.utils.translation import gettext_lazy as _

from config import embedded, logs, look
from config.environment import Environment, kept_secret

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment()
env.read_env(BASE_DIR / ".env")

EMBEDDED = embedded.from_environment(BASE_DIR)
DATA_DIR = EMBEDDED.data_dir
DEBUG = env.bool("DEBUG", default=False)

SECRET_KEY = env.str("SECRET_KEY", default="") or kept_secret(DATA_DIR / "secret.key")
# The first encrypts, all of them decrypt; put a new one in front, then run rotate_keys.
MASTER_KEYS = env.keys("MASTER_KEYS") or [kept_secret(DATA_DIR / "master.key")]

# -- where we are on the network
PORT = env.int("PORT", default=8000)
LIVE_PORT = env.int("LIVE_PORT", default=8001)
SIMULATOR_PORT = env.int("SIMULATOR_PORT", default=8002)  # the vendors' stand-in beside `up`
WEB_WORKERS = env.int("WEB_WORKERS", default=1)
WEB_THREADS = env.int("WEB_THREADS", default=8)
WORKER_PROCESSES = env.int("WORKER_PROCESSES", default=2)
# A thread that waits for a model computes nothing: where two models take 0.6 s over a message, two
# times 24 of them were all waiting at 60 messages a second, with time to spare on both cores.
WORKER_THREADS = env.int("WORKER_THREADS", default=40)
PUBLIC_HOST = env.str("PUBLIC_HOST", default="localhost")  # companies live at <name>.<PUBLIC_HOST>
PUBLIC_URL = env.str("PUBLIC_URL", default=f"http://{PUBLIC_HOST}:{PORT}")
# Where the web server listens, for who cannot reach PUBLIC_URL from inside: the channel doctor.
DOOR_URL = env.str("DOOR_URL", default="")
# How long a test event of the channel doctor's may take; 0: none are sent.
CANARY_SECONDS = env.int("CANARY_SECONDS", default=45)
LIVE_URL = env.str("LIVE_URL", default="")  # empty: same host, LIVE_PORT
# Also "public": what a vendor or a health check may call us by.
PUBLIC_HOSTS = {PUBLIC_HOST, "127.0.0.1", "[::1]", *env.list("PUBLIC_HOSTS", default=[])}
ALLOWED_HOSTS = ["*"]  # tenants.middleware answers 404 to every host that is nobody's
BEHIND_TLS = PUBLIC_URL.startswith("https://")

# -- apps: public (shared) and per company
SHARED_APPS = [
    "config",
    "django_tenants",
    "tenants",
    "django_dramatiq",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "tenants.accounts",
    "tenants.audit",
    "unfold",
    "django.contrib.admin",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "dramatiq_crontab",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "drf_standardized_errors",
    "csp",
    "channels",
]
TENANT_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "tenants.accounts",
    "tenants.audit",
    "django.contrib.admin",
    "tenants.workspace",
    "tenants.deadletters",
    "tenants.outgoing",
    "tenants.figures",
    "tenants.billing",
    "tenants.samples",
    "tenants.notices",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "knowledge",
    "channels_app",
    "leads",
    "crm",
    "agents",
]
INSTALLED_APPS = SHARED_APPS + [app for app in TENANT_APPS if app not in SHARED_APPS]
TENANT_MODEL = "tenants.Company"
TENANT_DOMAIN_MODEL = "tenants.Domain"
TENANT_LIMIT_SET_CALLS = True  # one SET search_path per switch, not per query
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]

# -- database, cache, queue
DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        **env.db_url_config(
            env.server("DATABASE_URL", "postgresql", "postgres", default=EMBEDDED.database_url)
        ),
        "ENGINE": "tenants.postgresql",
        "DISABLE_SERVER_SIDE_CURSORS": True,  # one would not outlive context.release()
        "CONN_MAX_AGE": 0,
    }
}
DATABASES["default"].setdefault("OPTIONS", {}).update(
    pool={
        "min_size": 1,
        # Few, each asked often: every connection plans for itself, and a thread that waits for a
        # model holds none.
        "max_size": env.int("DATABASE_POOL_SIZE", default=10),
        "timeout": 20,
    },
    # A statement that comes again is planned once a connection: half of PostgreSQL's work for a
    # message. They belong to a session, as search_path does: so must a pooler in between.
    server_side_binding=True,
    prepare_threshold=3,
)
REDIS_URL = env.server("REDIS_URL", "redis", "rediss", "unix", default=EMBEDDED.redis_url)
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        # Keys of one company can never be read by another: see tenants.context.scoped.
        "KEY_FUNCTION": "tenants.cache.company_key",
    }
}
DRAMATIQ_BROKER = {
    "BROKER": "tenants.broker.FairRedisBroker",
    "OPTIONS": {"url": REDIS_URL, "namespace": "leadwire", "dead_message_ttl": 3_600_000},
    "MIDDLEWARE": [
        "tenants.jobs.TenantMiddleware",  # first, always
        "tenants.memory.CalmMemory",
        "dramatiq.middleware.AgeLimit",
        "dramatiq.middleware.TimeLimit",
        "dramatiq.middleware.ShutdownNotifications",
        "dramatiq.middleware.Callbacks",
        "tenants.jobs.PatientRetries",
        "django_dramatiq.middleware.DbConnectionsMiddleware",
    ],
}
DRAMATIQ_AUTODISCOVER_MODULES = ["actors"]
DRAMATIQ_CRONTAB = {"REDIS_URL": REDIS_URL}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# -- requests
MIDDLEWARE = [
    "channels_app.webhooks.WebhookLane",  # first: webhooks need nothing that follows
    "config.health.HealthMiddleware",
    "tenants.middleware.RequestContextMiddleware",
    "tenants.middleware.CompanyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "tenants.api.middleware.ApiMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "tenants.operators.middleware.VisitMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "config.urls"  # a company's host
PUBLIC_SCHEMA_URLCONF = "config.urls_public"
WSGI_APPLICATION = "config.wsgi.application"
ASGI_APPLICATION = "config.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
WEBHOOK_MAX_BYTES = env.int("WEBHOOK_MAX_BYTES", default=5 * 1024 * 1024)  # Meta sends up to 3 MB

# -- people
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "tenants.accounts.backends.RoleBackend",
    "tenants.accounts.backends.CompanyBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_ADAPTER = "tenants.accounts.adapters.AccountAdapter"
MFA_ADAPTER = "tenants.accounts.adapters.MfaAdapter"
MFA_TOTP_ISSUER = "Leadwire"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
# A company's own sign-in (tenants.accounts.sso). No token of its is kept: we ask who it is, once.
SOCIALACCOUNT_ADAPTER = "tenants.accounts.sso.SsoAdapter"
SOCIALACCOUNT_STORE_TOKENS = False
# By a link: what a form's answer redirects to is bound by our policy's form-action, and where a
# provider leads people through is not ours to list. The state keeps strangers' codes out.
SOCIALACCOUNT_LOGIN_ON_GET = True
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"  # their provider vouches for it, or nobody comes in
# How many proxies of ours stand before us: the sign-in limits count by the caller's address.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)
# A signed link would be valid at every company that has an address of the same number; a
# stored one lives in the company that sent it.
ACCOUNT_EMAIL_CONFIRMATION_HMAC = False
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
EMAIL_BACKEND = env.str("EMAIL_BACKEND", default="django.core.mail.backends.console.EmailBackend")
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default=f"Leadwire <no-reply@{PUBLIC_HOST}>")

# -- the console's menu and look
MENU = "config.menu.groups"
UNFOLD = look.UNFOLD

# -- languages and time
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("ar", _("Arabic")), ("es", _("Spanish"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"

# -- files
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True
MEDIA_ROOT = DATA_DIR / "media"
# Files of messages lie here, encrypted. Any storage of Django's will do; S3 and its like come
# with django-storages: {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": {…}}.
MEDIA_STORAGE = env.json("MEDIA_STORAGE", default={})
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "media": MEDIA_STORAGE or {"BACKEND": "django.core.files.storage.FileSystemStorage"},
}
MEDIA_MAX_BYTES = env.int("MEDIA_MAX_BYTES", default=25 * 1024 * 1024)  # of one file
# What people upload waits in memory, not in the open on disk.
FILE_UPLOAD_MAX_MEMORY_SIZE = MEDIA_MAX_BYTES
# Resolved incidents, finished orders about dead letters, webhooks of CRMs that were read.
FINISHED_KEPT_DAYS = env.int("FINISHED_KEPT_DAYS", default=90)
MEDIA_QUOTA_BYTES = env.int("MEDIA_QUOTA_BYTES", default=20 * 1024**3)  # of one company

# -- safety
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BEHIND_TLS
SECURE_SSL_REDIRECT = False  # the proxy that ends TLS does this
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_TLS else None
SECURE_HSTS_SECONDS = 31_536_000 if BEHIND_TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = BEHIND_TLS
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        # Unfold's Alpine.js evaluates expressions in attributes.
        "script-src": [SELF, NONCE, "'unsafe-eval'"],
        "style-src": [SELF, "'unsafe-inline'"],
        "img-src": [SELF, "data:", "blob:"],
        "connect-src": [SELF, "ws:", "wss:"],
        "frame-ancestors": ["'none'"],
        "base-uri": [SELF],
        "form-action": [SELF],
        "object-src": ["'none'"],
    }
}
# Off in production: a company's own URL must never reach our network's inside.
ALLOW_PRIVATE_ADDRESSES = env.bool("ALLOW_PRIVATE_ADDRESSES", default=False)

# -- API
API_CALLER_PER_MINUTE = env.int("API_CALLER_PER_MINUTE", default=600)
API_COMPANY_PER_MINUTE = env.int("API_COMPANY_PER_MINUTE", default=1_800)
# Whether PUT, PATCH and DELETE must name what they saw (If-Match); where they do, it always counts.
API_REQUIRES_IF_MATCH = env.bool("API_REQUIRES_IF_MATCH", default=False)
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "tenants.api.authentication.ApiKeyAuthentication",
        "tenants.api.authentication.ConsoleSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["tenants.api.permissions.ConsolePermission"],
    "DEFAULT_THROTTLE_CLASSES": ["tenants.api.throttling.CompanyThrottle"],
    "DEFAULT_PAGINATION_CLASS": "tenants.api.pagination.NewestFirst",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "tenants.api.parsers.ShallowJSONParser",
        "rest_framework.parsers.MultiPartParser",
        "rest_framework.parsers.FormParser",
    ],
    "DEFAULT_SCHEMA_CLASS": "tenants.api.schema.ApiSchema",
    "EXCEPTION_HANDLER": "tenants.api.exceptions.handle",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Leadwire API",
    "DESCRIPTION": (
        "Conversations, leads, knowledge and agents of one company.\n\n"
        "Errors are `application/problem+json`; branch on `code`. Lists are paged by cursor:"
        " follow `next`. A POST with an `Idempotency-Key` header happens once, however often"
        " it is sent within a day. A GET of one resource carries an `ETag`; an edit with"
        " `If-Match` happens only while the resource still says that. `?fields=` leaves out the"
        " rest. `RateLimit` and `RateLimit-Policy` tell how much room is left.\n\n"
        "Keys have scopes, `room:read` or `room:write`; each operation names the one it needs."
    ),
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "COMPONENT_SPLIT_REQUEST": True,
    # Names for choices that several resources call by the same word.
    "ENUM_NAME_OVERRIDES": {
        "ConversationStatusEnum": "channels_app.models.Conversation.Status",
        "InboundEventStatusEnum": "channels_app.models.InboundEvent.Status",
        "DocumentStatusEnum": "knowledge.models.Document.Status",
        "RunStatusEnum": "agents.models.Run.Status",
        "RunOutcomeEnum": "agents.models.Run.Outcome",
        "ReplayStatusEnum": "agents.models.Replay.Status",
        "ReplayVerdictEnum": "agents.models.Replay.Verdict",
        "ExperimentStatusEnum": "agents.models.Experiment.Status",
        "AutonomyActEnum": "agents.guardrails.autonomy.Act",
        "CrmKindEnum": "crm.models.crm_kinds",
        "HookKindEnum": "crm.models.hook_kinds",
        "HookEventStateEnum": "crm.models.HookEvent.State",
        "DocumentKindEnum": "knowledge.loaders.LOADERS.choices",
        "RoleEnum": "tenants.accounts.roles.Role",
        "SourceKindEnum": "knowledge.models.Source.Kind",
        "SourceStatusEnum": "knowledge.models.Source.Status",
        "SourcePageRoleEnum": "knowledge.models.SourcePage.Role",
        "SourcePageStatusEnum": "knowledge.models.SourcePage.Status",
        "GapStatusEnum": "knowledge.models.Gap.Status",
        "SyncStateEnum": "crm.models.SyncRecord.State",
        "LeadImportStateEnum": "leads.models.LeadImport.State",
        "FitStateEnum": "leads.fit.STATES",
        "LeadsDeedEnum": "leads.services.bulk.DEEDS",
        "MergeGradeEnum": "channels_app.models.MergeSuggestion.Grade",
        "DeadLetterDeedEnum": "tenants.deadletters.models.ReplayOrder.Deed",
        "BackfillStateEnum": "crm.models.Backfill.State",
        "FieldConflictStateEnum": "crm.models.FieldConflict.State",
        "TierEnum": "leads.models.Lead.Tier",
        "RuleSetStateEnum": "leads.models.RuleSet.State",
        "ChannelHealthEnum": "channels_app.models.ChannelConnection.Health",
        "CrmHealthEnum": "crm.models.CrmConnection.Health",
        "WebhookStateEnum": "tenants.outgoing.models.Endpoint.State",
        "WebhookCauseEnum": "tenants.outgoing.models.Endpoint.Cause",
        "DeliveryStateEnum": "tenants.outgoing.models.Delivery.State",
    },
    "SERVE_AUTHENTICATION": [],  # the description is the same for everybody
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "tenants.outgoing.openapi.add_webhooks",
        "tenants.api.schema.add_problems",
    ],
}

# -- vendors; the addresses are settings so that a simulator can stand in
META_GRAPH_URL = env.str("META_GRAPH_URL", default="https://graph.facebook.com/v25.0")
META_APP_SECRET = env.str("META_APP_SECRET", default="")  # our own Meta app, shared by companies
META_VERIFY_TOKEN = env.str("META_VERIFY_TOKEN", default="")
META_DIALOG_URL = env.str("META_DIALOG_URL", default="https://www.facebook.com/v25.0")
INSTAGRAM_GRAPH_URL = env.str("INSTAGRAM_GRAPH_URL", default="https://graph.instagram.com")
INSTAGRAM_TOKEN_URL = env.str("INSTAGRAM_TOKEN_URL", default="https://api.instagram.com")
INSTAGRAM_LOGIN_URL = env.str("INSTAGRAM_LOGIN_URL", default="https://www.instagram.com")
TELEGRAM_API_URL = env.str("TELEGRAM_API_URL", default="https://api.telegram.org")
HUBSPOT_API_URL = env.str("HUBSPOT_API_URL", default="https://api.hubapi.com")
PIPEDRIVE_API_URL = env.str("PIPEDRIVE_API_URL", default="https://api.pipedrive.com")
# Where people sign in at CRMs.
HUBSPOT_LOGIN_URL = env.str("HUBSPOT_LOGIN_URL", default="https://app.hubspot.com")
PIPEDRIVE_LOGIN_URL = env.str("PIPEDRIVE_LOGIN_URL", default="https://oauth.pipedrive.com")
SALESFORCE_LOGIN_URL = env.str("SALESFORCE_LOGIN_URL", default="https://login.salesforce.com")
SALESFORCE_SANDBOX_LOGIN_URL = env.str(
    "SALESFORCE_SANDBOX_LOGIN_URL", default="https://test.salesforce.com"
)
VAPI_API_URL = env.str("VAPI_API_URL", default="https://api.vapi.ai")
CALENDLY_API_URL = env.str("CALENDLY_API_URL", default="https://api.calendly.com")
RESEND_API_URL = env.str("RESEND_API_URL", default="https://api.resend.com")
X_API_URL = env.str("X_API_URL", default="https://api.x.com")
X_LOGIN_URL = env.str("X_LOGIN_URL", default="https://x.com")
LINKEDIN_API_URL = env.str("LINKEDIN_API_URL", default="https://api.linkedin.com")
LINKEDIN_AUTH_URL = env.str("LINKEDIN_AUTH_URL", default="https://www.linkedin.com")
TIKTOK_API_URL = env.str("TIKTOK_API_URL", default="https://business-api.tiktok.com/open_api/v1.3")
TIKTOK_LOGIN_URL = env.str("TIKTOK_LOGIN_URL", default="https://www.tiktok.com")
GOOGLE_LOGIN_URL = env.str("GOOGLE_LOGIN_URL", default="https://accounts.google.com")
GOOGLE_TOKEN_URL = env.str("GOOGLE_TOKEN_URL", default="https://oauth2.googleapis.com")
MICROSOFT_LOGIN_URL = env.str(
    "MICROSOFT_LOGIN_URL", default="https://login.microsoftonline.com/common"
)
TWILIO_API_URL = env.str("TWILIO_API_URL", default="https://api.twilio.com")
# Our own apps there, through which companies sign in; the operator's rows (PlatformApp) come first.
META_APP_ID = env.str("META_APP_ID", default="")
META_LOGIN_CONFIGURATION = env.str("META_LOGIN_CONFIGURATION", default="")
WHATSAPP_SIGNUP_CONFIGURATION = env.str("WHATSAPP_SIGNUP_CONFIGURATION", default="")
INSTAGRAM_APP_ID = env.str("INSTAGRAM_APP_ID", default="")
INSTAGRAM_APP_SECRET = env.str("INSTAGRAM_APP_SECRET", default="")
X_CONSUMER_SECRET = env.str("X_CONSUMER_SECRET", default="")
X_CLIENT_ID = env.str("X_CLIENT_ID", default="")
X_CLIENT_SECRET = env.str("X_CLIENT_SECRET", default="")
X_BEARER_TOKEN = env.str("X_BEARER_TOKEN", default="")
LINKEDIN_CLIENT_ID = env.str("LINKEDIN_CLIENT_ID", default="")
LINKEDIN_CLIENT_SECRET = env.str("LINKEDIN_CLIENT_SECRET", default="")
TIKTOK_CLIENT_KEY = env.str("TIKTOK_CLIENT_KEY", default="")
TIKTOK_CLIENT_SECRET = env.str("TIKTOK_CLIENT_SECRET", default="")
GOOGLE_CLIENT_ID = env.str("GOOGLE_CLIENT_ID", default="")
GOOGLE_CLIENT_SECRET = env.str("GOOGLE_CLIENT_SECRET", default="")
MICROSOFT_CLIENT_ID = env.str("MICROSOFT_CLIENT_ID", default="")
MICROSOFT_CLIENT_SECRET = env.str("MICROSOFT_CLIENT_SECRET", default="")
HUBSPOT_CLIENT_ID = env.str("HUBSPOT_CLIENT_ID", default="")
HUBSPOT_CLIENT_SECRET = env.str("HUBSPOT_CLIENT_SECRET", default="")  # signs its webhooks as well
SALESFORCE_CLIENT_ID = env.str("SALESFORCE_CLIENT_ID", default="")
SALESFORCE_CLIENT_SECRET = env.str("SALESFORCE_CLIENT_SECRET", default="")
PIPEDRIVE_CLIENT_ID = env.str("PIPEDRIVE_CLIENT_ID", default="")
PIPEDRIVE_CLIENT_SECRET = env.str("PIPEDRIVE_CLIENT_SECRET", default="")
OPENAI_BASE_URL = env.str("OPENAI_BASE_URL", default="https://api.openai.com/v1")
OPENAI_API_KEY = env.str("OPENAI_API_KEY", default="")
ANTHROPIC_BASE_URL = env.str("ANTHROPIC_BASE_URL", default="https://api.anthropic.com")
ANTHROPIC_API_KEY = env.str("ANTHROPIC_API_KEY", default="")
COMPATIBLE_BASE_URL = env.str("COMPATIBLE_BASE_URL", default="")  # Groq, Mistral, Ollama, vLLM, …
COMPATIBLE_API_KEY = env.str("COMPATIBLE_API_KEY", default="")
# Task -> "provider/model" in order of preference; the offline engine always ends the chain.
MODEL_ROUTES = env.json("MODEL_ROUTES", default={})
MODEL_PRICES = env.json("MODEL_PRICES", default={})
# Read answers word by word: for proxies that end a line on which nothing moves.
MODEL_STREAMS = env.bool("MODEL_STREAMS", default=False)
EMBEDDER = env.str("EMBEDDER", default="local")  # local | openai
# Public sets that "manage.py evaluate" measures on; they are not ours to ship.
EVALS_DIR = Path(env.str("EVALS_DIR", default="") or BASE_DIR.parent / "shared" / "evals")
KNOWLEDGE_MAX_BYTES = env.int("KNOWLEDGE_MAX_BYTES", default=20 * 1024 * 1024)  # of one document
# Seconds between two pages of one site; a site's robots.txt may ask for more.
KNOWLEDGE_CRAWL_PAUSE = env.float("KNOWLEDGE_CRAWL_PAUSE", default=1.0)

# -- seeing what happens
LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
LOG_FORMAT = env.str("LOG_FORMAT", default="json")  # json | console
LOGGING = logs.configure(level=LOG_LEVEL, form=LOG_FORMAT)
SENTRY_DSN = env.str("SENTRY_DSN", default="")
if SENTRY_DSN:
    logs.start_sentry(dsn=SENTRY_DSN, environment=PUBLIC_HOST)
# Spans of runs, steps and model calls; prompts are in them only where this says so as well.
OTEL_EXPORTER_OTLP_ENDPOINT = env.str("OTEL_EXPORTER_OTLP_ENDPOINT", default="")
OTEL_PROMPTS = env.bool("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", default=False)
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")  # empty: /metrics answers loopback only
