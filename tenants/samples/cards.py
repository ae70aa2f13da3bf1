"""Sample data on the dashboard while it is of use, and in the settings for good."""

from tenants.cards import Panel, offer
from tenants.samples.services import samples


@offer("dashboard.samples", order=10, permission="samples.add_sampleset")
def on_dashboard() -> Panel:
    return Panel("samples/_samples.html", {"samples": samples()})


@offer("settings", order=90, permission="samples.add_sampleset")
def in_settings() -> Panel | None:
    """A page that will always be there leads to what may be removed."""
    found = samples()
    return Panel("samples/settings_panel.html", {"samples": found}) if found else None
