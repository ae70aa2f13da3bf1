from django.apps import AppConfig


class SamplesConfig(AppConfig):
    name = "tenants.samples"
    label = "samples"
    verbose_name = "Sample data"

    def ready(self) -> None:
        from tenants.samples import actors, cards  # noqa: F401 (each registers what it offers)
