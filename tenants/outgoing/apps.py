from django.apps import AppConfig


class OutgoingConfig(AppConfig):
    name = "tenants.outgoing"
    label = "outgoing"
    verbose_name = "Webhooks"

    def ready(self) -> None:
        from tenants.outgoing import actors, cards, letters  # noqa: F401 (each registers itself)
