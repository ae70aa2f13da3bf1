"""Settings for pytest: an in-memory queue, fast passwords, vendors on loopback only."""

import os

from config import logs
from config.settings import *
from config.settings import (
    CACHES,
    DATABASES,
    DRAMATIQ_BROKER,
    MEDIA_ROOT,
    MIDDLEWARE,
    REDIS_URL,
)

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DRAMATIQ_BROKER = {
    "BROKER": "dramatiq.brokers.stub.StubBroker",
    "MIDDLEWARE": [path for path in DRAMATIQ_BROKER["MIDDLEWARE"] if "DbConnections" not in path],
}
# Each test rolls back on the one connection it was given.
DATABASES["default"]["OPTIONS"].pop("pool", None)
# What a test commits need not outlive a power cut: no waiting for the disk.
DATABASES["default"]["OPTIONS"]["options"] = "-c synchronous_commit=off"
# Workers of pytest-xdist ("gw0") share the servers: each has its own number in Redis and its own
# folder for files here, its own database by pytest-django.
if worker := os.environ.get("PYTEST_XDIST_WORKER"):
    address, _, options = REDIS_URL.partition("?")
    number = 1 + int(worker.removeprefix("gw"))
    REDIS_URL = f"{address}?db={number}&{options}"  # of two, the first counts
    CACHES["default"]["LOCATION"] = REDIS_URL
    DRAMATIQ_CRONTAB = {"REDIS_URL": REDIS_URL}
    MEDIA_ROOT /= worker
MIDDLEWARE = [path for path in MIDDLEWARE if "whitenoise" not in path]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STATICFILES_DIRS = []
ALLOW_PRIVATE_ADDRESSES = False
KNOWLEDGE_CRAWL_PAUSE = 0.0
CANARY_SECONDS = 0  # no web server listens: a test that wants them sets both
LOG_LEVEL = "WARNING"
LOGGING = logs.configure(level=LOG_LEVEL, form="json")
SENTRY_DSN = ""
# No test may reach a real vendor, whatever the developer's environment says.
OPENAI_API_KEY = ANTHROPIC_API_KEY = COMPATIBLE_API_KEY = ""
MODEL_ROUTES = {}
META_APP_SECRET = "test-app-secret"
META_VERIFY_TOKEN = "test-verify-token"
META_GRAPH_URL = "https://graph.facebook.com/v25.0"
META_DIALOG_URL = "https://www.facebook.com/v25.0"
INSTAGRAM_GRAPH_URL = "https://graph.instagram.com"
INSTAGRAM_TOKEN_URL = "https://api.instagram.com"
INSTAGRAM_LOGIN_URL = "https://www.instagram.com"
X_LOGIN_URL = "https://x.com"
TIKTOK_LOGIN_URL = "https://www.tiktok.com"
GOOGLE_LOGIN_URL = "https://accounts.google.com"
GOOGLE_TOKEN_URL = "https://oauth2.googleapis.com"
MICROSOFT_LOGIN_URL = "https://login.microsoftonline.com/common"
META_APP_ID = META_LOGIN_CONFIGURATION = WHATSAPP_SIGNUP_CONFIGURATION = ""
INSTAGRAM_APP_ID = INSTAGRAM_APP_SECRET = X_CONSUMER_SECRET = X_BEARER_TOKEN = ""
X_CLIENT_ID = X_CLIENT_SECRET = LINKEDIN_CLIENT_ID = LINKEDIN_CLIENT_SECRET = ""
TIKTOK_CLIENT_KEY = TIKTOK_CLIENT_SECRET = GOOGLE_CLIENT_ID = GOOGLE_CLIENT_SECRET = ""
MICROSOFT_CLIENT_ID = MICROSOFT_CLIENT_SECRET = ""
HUBSPOT_CLIENT_ID = HUBSPOT_CLIENT_SECRET = SALESFORCE_CLIENT_ID = SALESFORCE_CLIENT_SECRET = ""
PIPEDRIVE_CLIENT_ID = PIPEDRIVE_CLIENT_SECRET = ""
HUBSPOT_LOGIN_URL = "https://app.hubspot.com"
PIPEDRIVE_LOGIN_URL = "https://oauth.pipedrive.com"
SALESFORCE_LOGIN_URL = "https://login.salesforce.com"
SALESFORCE_SANDBOX_LOGIN_URL = "https://test.salesforce.com"
TELEGRAM_API_URL = "https://api.telegram.org"
HUBSPOT_API_URL = "https://api.hubapi.com"
VAPI_API_URL = "https://api.vapi.ai"
CALENDLY_API_URL = "https://api.calendly.com"
RESEND_API_URL = "https://api.resend.com"
X_API_URL = "https://api.x.com"
LINKEDIN_API_URL = "https://api.linkedin.com"
LINKEDIN_AUTH_URL = "https://www.linkedin.com"
TIKTOK_API_URL = "https://business-api.tiktok.com/open_api/v1.3"
TWILIO_API_URL = "https://api.twilio.com"
