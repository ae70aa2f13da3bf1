"""Measurements: ``python -m tests.benchmarks`` prints one JSON line a figure.

Everything runs on loopback in processes of its own, in a throw-away data folder, and is stopped
and removed afterwards. Each line names its aim and, where known, what a peer reaches: FastAPI,
asyncpg, Celery and LangGraph doing the same work on the same kind of machine (two cores).
"""
