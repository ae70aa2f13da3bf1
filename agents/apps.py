from django.apps import AppConfig


class AgentsConfig(AppConfig):
    name = "agents"
    verbose_name = "Agents"

    def ready(self) -> None:
        from agents import actors, cards, figures, receivers  # noqa: F401 (each registers what it offers)
