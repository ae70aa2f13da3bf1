from django.apps import AppConfig


class LeadsConfig(AppConfig):
    name = "leads"
    verbose_name = "Leads"

    def ready(self) -> None:
        # Each registers what it offers.
        from leads import actors, announcements, cards, figures, receivers  # noqa: F401
        from leads.services import samples  # noqa: F401
