from django.apps import AppConfig


class FiguresConfig(AppConfig):
    name = "tenants.figures"
    label = "figures"
    verbose_name = "Figures"

    def ready(self) -> None:
        from tenants.figures import actors  # noqa: F401 (registers itself)
