"""The configured embedder, one a process."""

from collections.abc import Callable, Sequence
from functools import lru_cache

from django.conf import settings

from knowledge.providers import EMBEDDERS
from knowledge.providers.base import Embedder, Vectors
from tenants import context
from tenants.workspace.services import profile

_hiding: list[Callable[[str], str]] = []


def hides_personal(hide: Callable[[str], str]) -> None:
    """Let the floor that can tell what is personal take it out of what a vendor embeds."""
    _hiding[:] = [hide]


def embed(texts: list[str]) -> list[list[float]]:
    """The texts as points of 512 dimensions and length one, by the configured embedder."""
    return embedded(texts).tolist() if texts else []


def embedded(texts: Sequence[str]) -> Vectors:
    embedder = current_embedder()
    if embedder.is_remote:
        if _hiding and profile().hides_personal:
            texts = [_hiding[0](text) for text in texts]
        context.release()  # never hold a database connection while somebody else thinks
    return embedder.embed(texts)


def embed_locally(texts: list[str]) -> Vectors:
    """By the embedder that ships with us, whatever is configured: trained weights rest on it."""
    return _made("local").embed(texts)


def current_embedder() -> Embedder:
    return _made(settings.EMBEDDER)


@lru_cache(maxsize=4)
def _made(kind: str) -> Embedder:
    return EMBEDDERS.get(kind)()
