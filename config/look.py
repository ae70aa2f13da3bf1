"""The console's look: Unfold's model pages wear our tokens (static/leadwire/tokens.css)."""

from typing import Any

from django.templatetags.static import static

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Leadwire",
    "SITE_HEADER": "Leadwire",
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda _request: static("leadwire/logo.svg"),
        }
    ],
    "SHOW_VIEW_ON_SITE": False,
    "DASHBOARD_CALLBACK": "tenants.operators.pages.overview",
    "THEME": lambda request: {"light": "light", "dark": "dark"}.get(request.COOKIES.get("theme")),
    "BORDER_RADIUS": "6px",
    "STYLES": [
        lambda _request: static("leadwire/tokens.css"),
        lambda _request: static("leadwire/components.css"),
        lambda _request: static("leadwire/shell.css"),
    ],
    "SCRIPTS": [lambda _request: static("leadwire/unfold.js")],
    "COLORS": {
        "base": {
            "50": "#f6f5f0",
            "100": "#eceae2",
            "200": "#dedbd0",
            "300": "#c4c3b9",
            "400": "#93a09c",
            "500": "#636d69",
            "600": "#4d5956",
            "700": "#2b3835",
            "800": "#1c2725",
            "900": "#161f1d",
            "950": "#0f1615",
        },
        "primary": {
            "50": "#eef7f4",
            "100": "#e1efea",
            "200": "#c0ded5",
            "300": "#98e2d0",
            "400": "#6fd0ba",
            "500": "#2f9480",
            "600": "#0f5c50",
            "700": "#0a463d",
            "800": "#17332e",
            "900": "#0e2b27",
            "950": "#05201b",
        },
    },
}
