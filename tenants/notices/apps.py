from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "tenants.notices"
    label = "notices"
    verbose_name = "Notices"

    def ready(self) -> None:
        from tenants.notices import actors  # noqa: F401 (registers itself)
