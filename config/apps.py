from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """Makes config's management commands known; it has no models."""

    name = "config"
