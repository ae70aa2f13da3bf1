from django.apps import AppConfig


class LeadsConfig(AppConfig):
    name = "leads"
    verbose_name = "Leads"

    def ready(self) -> None:
        from leads import actors, cards, figures, receivers  # noqa: F401 (each registers what it offers)
