from django.apps import AppConfig


class AgentsConfig(AppConfig):
    name = "agents"
    verbose_name = "Agents"

    def ready(self) -> None:
        # Each registers what it offers.
        from agents import actors, announcements, cards, figures, receivers  # noqa: F401
        from agents.services import samples  # noqa: F401
