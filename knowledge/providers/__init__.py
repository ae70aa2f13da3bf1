"""Embedders, one line each."""

from knowledge.providers.base import Embedder
from tenants.plugins.registry import Plugin, PluginRegistry

EMBEDDERS = PluginRegistry(
    Embedder,
    {
        "local": Plugin("Built in, multilingual", "knowledge.providers.local:Local"),
        "openai": Plugin("OpenAI", "knowledge.providers.openai:OpenAI"),
    },
)
