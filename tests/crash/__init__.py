"""Processes killed at the worst moments, the queue wiped: nothing lost, nothing said twice."""
