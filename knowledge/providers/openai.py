"""OpenAI embeddings, shortened to our 512 dimensions.

https://platform.openai.com/docs/api-reference/embeddings
"""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import openai
from django.conf import settings

from knowledge.providers.base import DIMENSIONS, Embedder, Vectors, unit
from tenants.plugins.errors import (
    CredentialsRejected,
    ProviderError,
    Rejected,
    Unavailable,
    kind_of,
)
from tenants.plugins.http import retry_after

MODEL = "text-embedding-3-small"
# A request may hold 2,048 texts and 300,000 tokens, a text 8,192 tokens.
MAX_TEXTS = 128
MAX_CHARACTERS = 8_000
TIMEOUT = 20.0


class OpenAI(Embedder):
    space = MODEL
    is_remote = True

    def embed(self, texts: Sequence[str]) -> Vectors:
        batches = [texts[start : start + MAX_TEXTS] for start in range(0, len(texts), MAX_TEXTS)]
        if not batches:
            return np.empty((0, DIMENSIONS), dtype=np.float32)
        return unit(np.concatenate([self._batch(batch) for batch in batches]))

    @cached_property
    def _client(self) -> openai.OpenAI:
        if not settings.OPENAI_API_KEY:
            raise CredentialsRejected("OPENAI_API_KEY is not set.")
        # One patience for all providers: tenants.jobs decides what is tried again, and when.
        return openai.OpenAI(
            api_key=settings.OPENAI_API_KEY,
            base_url=settings.OPENAI_BASE_URL,
            max_retries=0,
            timeout=TIMEOUT,
        )

    def _batch(self, texts: Sequence[str]) -> Vectors:
        try:
            answer = self._client.embeddings.create(
                model=MODEL,
                # An empty text is an error there.
                input=[text[:MAX_CHARACTERS].strip() or "-" for text in texts],
                dimensions=DIMENSIONS,
                encoding_format="float",
            )
        except openai.OpenAIError as error:
            raise _mapped(error) from error
        except ValueError as error:  # a 200 whose body is not the JSON it says it is
            raise Unavailable(f"OpenAI embeddings: unreadable answer: {error}") from error
        rows = sorted(answer.data or [], key=lambda row: row.index)
        if [len(row.embedding) for row in rows] != [DIMENSIONS] * len(texts):
            raise Rejected(f"OpenAI did not return {len(texts)} vectors of {DIMENSIONS}.")
        return np.array([row.embedding for row in rows], dtype=np.float32)


def _mapped(error: openai.OpenAIError) -> ProviderError:
    if not isinstance(error, openai.APIStatusError):  # no connection, timeout, broken answer
        return Unavailable(f"OpenAI embeddings: {error}")
    kind = kind_of(error.status_code)
    if error.code == "insufficient_quota":  # told with 429, but waiting does not help
        kind = Rejected
    elif error.status_code == 409:
        kind = Unavailable
    return kind(
        f"OpenAI embeddings: HTTP {error.status_code}: {error.message}"[:500],
        code=error.code or str(error.status_code),
        retry_after=retry_after(error.response.headers),
        status=error.status_code,
    )
