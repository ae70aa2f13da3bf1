"""The least a durable webhook can be on the same stack: no middleware, no companies."""

from config.settings import *
from config.settings import DATABASES, DRAMATIQ_BROKER

INSTALLED_APPS = ["django_dramatiq"]
MIDDLEWARE = []
ROOT_URLCONF = PUBLIC_SCHEMA_URLCONF = "tests.benchmarks.bare"
DATABASES["default"]["ENGINE"] = "django.db.backends.postgresql"
DATABASE_ROUTERS = []
DRAMATIQ_BROKER = {
    "BROKER": "dramatiq.brokers.redis.RedisBroker",
    "OPTIONS": DRAMATIQ_BROKER["OPTIONS"],
    "MIDDLEWARE": [],
}
