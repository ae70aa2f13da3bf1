"""Pages, API and webhooks."""

import os
import warnings

from django.core.wsgi import get_wsgi_application

from tenants.memory import calm_garbage_collector

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# A checkout serves static files from where they lie; only an image collects them first.
warnings.filterwarnings("ignore", message="No directory at", category=UserWarning)
application = get_wsgi_application()
calm_garbage_collector()
