"""The console's pages of the knowledge: one module a subject."""
