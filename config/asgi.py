"""What stays open: live events, web chats, answers being written, MCP. Pages: config.wsgi."""

import os
from contextlib import AsyncExitStack
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
pages: Any = get_asgi_application()

from django.conf import settings  # noqa: E402 (Django's apps first)

from agents.chat_stream import PATH as CHAT_PATH  # noqa: E402
from agents.chat_stream import ChatStreams  # noqa: E402
from agents.mcp_server import PATH as MCP_PATH  # noqa: E402
from agents.mcp_server import McpDoor  # noqa: E402
from tenants.line_stream import PATH as LINE_PATH  # noqa: E402
from tenants.line_stream import LineStreams  # noqa: E402
from tenants.live_socket import LiveSockets  # noqa: E402

live = LiveSockets(settings.REDIS_URL)
lines = LineStreams(settings.REDIS_URL)
mcp = McpDoor()
answers = ChatStreams()


async def application(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await live(scope, receive, send)
    elif scope["type"] == "http" and LINE_PATH.match(scope["path"]):
        await lines(scope, receive, send)
    elif scope["type"] == "http" and scope["path"].rstrip("/") == CHAT_PATH:
        await answers(scope, receive, send)
    elif scope["type"] == "http" and scope["path"].rstrip("/") == MCP_PATH:
        await mcp(scope, receive, send)
    elif scope["type"] == "lifespan":
        await _live_and_die(receive, send)
    else:
        await pages(scope, receive, send)


async def _live_and_die(receive: Any, send: Any) -> None:
    async with AsyncExitStack() as running:
        while True:
            moment = (await receive())["type"]
            if moment == "lifespan.startup":
                await running.enter_async_context(mcp.running())
            else:
                await live.close()
                await lines.close()
                answers.close()
                await running.aclose()
            await send({"type": f"{moment}.complete"})
            if moment == "lifespan.shutdown":
                return
