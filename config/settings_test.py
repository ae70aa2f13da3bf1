"""Settings for pytest: an in-memory queue, fast passwords, vendors on loopback only."""

from config import logs
from config.settings import *
from config.settings import DATABASES, DRAMATIQ_BROKER, MIDDLEWARE

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DRAMATIQ_BROKER = {
    "BROKER": "dramatiq.brokers.stub.StubBroker",
    "MIDDLEWARE": [path for path in DRAMATIQ_BROKER["MIDDLEWARE"] if "DbConnections" not in path],
}
# Each test rolls back on the one connection it was given.
DATABASES["default"]["OPTIONS"].pop("pool", None)
MIDDLEWARE = [path for path in MIDDLEWARE if "whitenoise" not in path]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STATICFILES_DIRS = []
ALLOW_PRIVATE_ADDRESSES = False
LOG_LEVEL = "WARNING"
LOGGING = logs.configure(level=LOG_LEVEL, form="json")
SENTRY_DSN = ""
# No test may reach a real vendor, whatever the developer's environment says.
OPENAI_API_KEY = ANTHROPIC_API_KEY = COMPATIBLE_API_KEY = ""
MODEL_ROUTES = {}
META_APP_SECRET = "test-app-secret"
META_VERIFY_TOKEN = "test-verify-token"
META_GRAPH_URL = "https://graph.facebook.com/v25.0"
TELEGRAM_API_URL = "https://api.telegram.org"
HUBSPOT_API_URL = "https://api.hubapi.com"
RESEND_API_URL = "https://api.resend.com"
X_API_URL = "https://api.x.com"
LINKEDIN_API_URL = "https://api.linkedin.com"
LINKEDIN_AUTH_URL = "https://www.linkedin.com"
TIKTOK_API_URL = "https://business-api.tiktok.com/open_api/v1.3"
TWILIO_API_URL = "https://api.twilio.com"
