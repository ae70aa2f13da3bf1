from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "tenants.billing"
    label = "billing"
    verbose_name = "Billing"

    def ready(self) -> None:
        from tenants.billing import actors, cards, figures  # noqa: F401 (each registers)
