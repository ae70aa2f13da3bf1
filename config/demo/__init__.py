"""``manage.py demo``: the main job played from end to end, checked, and cleared away."""
