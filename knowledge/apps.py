from django.apps import AppConfig


class KnowledgeConfig(AppConfig):
    name = "knowledge"
    verbose_name = "Knowledge"

    def ready(self) -> None:
        from knowledge import actors, announcements, cards  # noqa: F401 (each registers what it offers)
        from knowledge.services import samples  # noqa: F401
