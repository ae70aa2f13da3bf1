from django.apps import AppConfig


class DeadLettersConfig(AppConfig):
    name = "tenants.deadletters"
    label = "deadletters"
    verbose_name = "Dead letters"

    def ready(self) -> None:
        from tenants.deadletters import actors, cards  # noqa: F401 (each registers what it offers)
