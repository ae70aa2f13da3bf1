"""django-tenants' PostgreSQL backend, sparing with ``SET search_path``."""
