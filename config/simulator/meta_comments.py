"""Comments under a page's or an Instagram account's posts, and what may be done with them.

https://developers.facebook.com/docs/messenger-platform/discovery/private-replies
"""

import time
from typing import Any

from config.simulator.graph_errors import graph_error
from config.simulator.wire import Answer, Request
from config.simulator.world import Account, World

PRIVATE_DAYS = 7 * 24 * 3600


class Comments:
    """What was commented; one private answer to each, within seven days."""

    def __init__(self, world: World) -> None:
        self.world = world

    @property
    def kept(self) -> dict[str, dict[str, Any]]:
        return self.world.store.setdefault("comments", {})

    def written(
        self, account: Account, message: dict[str, Any], parent: str = ""
    ) -> dict[str, Any]:
        """The change that tells of a comment, in the words of its network."""
        number = self.world.next_number("comment", 501)
        identity = message["id"] or f"{message['post']}_{number}"
        self.kept[identity] = {
            "account": account,
            "author": message["sender_id"],
            "post": message["post"],
            "at": message.get("at") or time.time(),
            "answered": False,
            "hidden": False,
        }
        tell = self._on_instagram if account.platform == "instagram" else self._on_page
        return {"identity": identity, "change": tell(account, message, identity, parent)}

    def _on_page(
        self, account: Account, message: dict[str, Any], identity: str, parent: str
    ) -> dict[str, Any]:
        post = f"{account.account_id}_{message['post']}"
        value = {
            "item": "comment",
            "verb": "add",
            "comment_id": identity,
            "post_id": post,
            "parent_id": parent or post,
            "from": {"id": message["sender_id"], "name": message["sender_name"]},
            "message": message["text"],
            "created_time": int(self.kept[identity]["at"]),
        }
        return {"field": "feed", "value": value}

    def _on_instagram(
        self, account: Account, message: dict[str, Any], identity: str, parent: str
    ) -> dict[str, Any]:
        value = {
            "id": identity,
            "from": {"id": message["sender_id"], "username": message["sender_name"] or "somebody"},
            "text": message["text"],
            "media": {"id": message["post"], "media_product_type": "FEED"},
        }
        return {"field": "comments", "value": {**value, "parent_id": parent} if parent else value}

    def take_private_answer(self, identity: str) -> dict[str, Any] | Answer:
        """The comment, if it may be answered in private; from then on it may not."""
        comment = self.kept.get(identity)
        if comment is None:
            return graph_error(100, "Invalid comment_id")
        if comment["answered"]:
            return graph_error(10900)
        if time.time() - comment["at"] > PRIVATE_DAYS:
            return graph_error(10903)
        comment["answered"] = True
        return comment

    def hide(self, request: Request, path: list[str]) -> Answer | None:
        """``is_hidden`` on a page, ``hide`` on Instagram; None if it is about something else."""
        body = request.json()
        wanted = body.get("is_hidden", body.get("hide"))
        if request.method != "POST" or len(path) != 1 or wanted is None:
            return None
        comment = self.kept.get(path[0])
        if comment is None:
            return graph_error(100, "Unsupported post request. Object does not exist.")
        comment["hidden"] = bool(wanted)
        return Answer({"success": True}, kind="hide", note={"comment": path[0], "hidden": wanted})
