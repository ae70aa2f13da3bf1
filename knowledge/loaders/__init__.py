"""Kinds of documents, one line each."""

from knowledge.loaders.base import Loader
from tenants.plugins.registry import Plugin, PluginRegistry

LOADERS = PluginRegistry(
    Loader,
    {
        "pdf": Plugin("PDF", "knowledge.loaders.pdf:Pdf"),
        "docx": Plugin("Word", "knowledge.loaders.word:Word"),
        "html": Plugin("Web page", "knowledge.loaders.webpage:Webpage"),
        "csv": Plugin("CSV", "knowledge.loaders.faq:Csv"),
        "md": Plugin("Markdown", "knowledge.loaders.markdown:Markdown"),
        "txt": Plugin("Text", "knowledge.loaders.text:Text"),
    },
)
