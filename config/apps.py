from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """Makes config's management commands known, and says who stands in for the networks."""

    name = "config"

    def ready(self) -> None:
        from config.sandbox import InProcess
        from tenants.plugins import sandbox

        sandbox.install(InProcess())
