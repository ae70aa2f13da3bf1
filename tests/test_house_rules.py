"""Rules of the house that no linter knows."""

import importlib
import inspect
import pkgutil
import sys
from typing import Any

import dramatiq
import pytest
from django.apps import apps
from django.core.management import call_command
from django.db.models import Index, UniqueConstraint
from django.test import Client
from django.urls import reverse

from tenants.console import ConsoleAdmin, console
from tenants.jobs import QUEUES
from tenants.plugins.registry import PluginRegistry

APPS = ("tenants", "channels_app", "knowledge", "leads", "crm", "agents", "config")
OURS = [model for model in apps.get_models() if model.__module__.split(".")[0] in APPS]
ACTORS = sorted(dramatiq.get_broker().actors.values(), key=lambda actor: actor.actor_name)


def registries():
    """Every registry of plug-ins, wherever it is declared."""
    for name in APPS:
        package = importlib.import_module(name)
        for module in pkgutil.iter_modules(package.__path__, f"{name}."):
            if module.name.rsplit(".", 1)[1] in {"providers", "loaders", "calendars", "speech"}:
                importlib.import_module(module.name)
    found = {
        id(value): value
        for name, module in tuple(sys.modules.items())
        if name.split(".")[0] in APPS
        for value in vars(module).values()
        if isinstance(value, PluginRegistry)
    }
    return list(found.values())


LINES = [(registry, kind) for registry in registries() for kind in registry]


@pytest.mark.parametrize("actor", ACTORS, ids=lambda actor: actor.actor_name)
def test_an_actor_takes_ids_says_what_it_does_and_stands_in_a_known_queue(actor):
    for parameter in inspect.signature(actor.fn).parameters.values():
        assert parameter.annotation in {int, str}, f"{parameter} must be an int or a str"
    assert inspect.getdoc(actor.fn)
    assert actor.queue_name in QUEUES


@pytest.mark.parametrize(
    ("registry", "kind"), LINES, ids=[f"{each.base.__name__}-{kind}" for each, kind in LINES]
)
def test_every_registration_line_resolves(registry, kind):
    assert issubclass(registry.get(kind), registry.base)
    assert registry.label(kind)


def test_there_are_registries_and_actors():
    assert LINES
    assert ACTORS


PAGES: list[Any] = sorted(console._registry, key=lambda model: model._meta.label)


@pytest.mark.parametrize("model", PAGES, ids=lambda model: model._meta.label)
def test_every_console_page_is_ours_and_opens(model, people):
    assert isinstance(console._registry[model], ConsoleAdmin)
    browser = Client(headers={"Host": "north.localhost"})
    browser.force_login(people["admin"])
    meta = model._meta

    page = browser.get(reverse(f"console:{meta.app_label}_{meta.model_name}_changelist"))

    assert page.status_code == 200


def test_the_migrations_are_complete(public):
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_migrations_are_named():
    for config in apps.get_app_configs():
        if config.name.split(".")[0] in APPS:
            for module in pkgutil.iter_modules([f"{config.path}/migrations"]):
                assert "_auto_" not in module.name, f"{config.name}: name {module.name}"


def begins_of_indexes(model):
    """The first columns of the model's own indexes that hold every row."""
    options = model._meta
    uniques = [
        each.fields
        for each in options.constraints
        if isinstance(each, UniqueConstraint) and each.condition is None and each.fields
    ]
    indexes = [
        each.fields
        for each in options.indexes
        if type(each) is Index and each.condition is None and each.fields
    ]
    return {fields[0].removeprefix("-") for fields in [*uniques, *indexes]}


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_no_relation_is_indexed_twice(model):
    """A second index costs each new row, and the planner takes the worse one at times."""
    relations = {
        field.name for field in model._meta.local_fields if field.db_index and not field.unique
    }
    assert not relations & begins_of_indexes(model)
