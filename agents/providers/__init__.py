"""The language models we can talk to."""

from agents.providers.base import LlmProvider
from tenants.plugins.registry import Plugin, PluginRegistry

LLMS = PluginRegistry(
    LlmProvider,
    {
        "anthropic": Plugin("Anthropic", "agents.providers.anthropic:Anthropic"),
        "openai": Plugin("OpenAI", "agents.providers.openai:OpenAI"),
        "compatible": Plugin("OpenAI-compatible endpoint", "agents.providers.openai:Compatible"),
        "offline": Plugin("Offline engine", "agents.providers.offline:Offline"),
    },
)
