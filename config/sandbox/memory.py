"""What a network keeps for us until we come and ask: letters that were only announced, news of a
page that we look at ourselves.

Any process of ours may come, so it lies in Redis, sealed, for a day.
"""

import base64
import json
import logging
from collections.abc import Mapping
from typing import Any

import redis

from tenants import context
from tenants.crypto import CannotDecrypt, decrypt, encrypt
from tenants.plugins.sandbox import Account
from tenants.redis import client

logger = logging.getLogger(__name__)

KEPT = 200
KEPT_SECONDS = 86_400
COLUMN = "sandbox.kept"


class Memory:
    """Of one account of one company. Without Redis nothing is remembered, and nothing found."""

    def __init__(self, account: Account) -> None:
        self._key = context.scoped("sandbox", account.platform, account.account_id)

    def recall(self) -> dict[str, dict[str, Any]]:
        """Everything that lies there, by its name, oldest first."""
        try:
            sealed: Any = client().lrange(self._key, 0, -1)
            return dict(json.loads(_open(each)) for each in sealed)
        except (redis.RedisError, CannotDecrypt):
            logger.warning("a sandbox has forgotten what it kept", exc_info=True)
            return {}

    def keep(self, pieces: Mapping[str, dict[str, Any]]) -> None:
        if not pieces:
            return
        sealed = [_sealed(json.dumps([name, piece])) for name, piece in pieces.items()]
        try:
            pipe = client().pipeline()
            pipe.rpush(self._key, *sealed)
            pipe.ltrim(self._key, -KEPT, -1)
            pipe.expire(self._key, KEPT_SECONDS)
            pipe.execute()
        except redis.RedisError:
            logger.warning("a sandbox could not keep what was written to it", exc_info=True)


def _sealed(text: str) -> str:
    return base64.b64encode(encrypt(text.encode(), column=COLUMN)).decode()


def _open(sealed: str) -> str:
    return decrypt(base64.b64decode(sealed), column=COLUMN).decode()
