"""The web chat's doors: what a visitor's page asks of us, and the script it runs."""
