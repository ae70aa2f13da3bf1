from importlib import import_module

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "tenants.accounts"
    label = "accounts"
    verbose_name = "People"

    def ready(self) -> None:
        import_module("tenants.accounts.receivers")
