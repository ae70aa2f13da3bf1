"""What a month's use comes to: usage, forecast, caps, and bills that never change once closed.

Quantities are the days that ``tenants.figures`` counts and the usage rows of model cost; what
they cost stands in the plan's tariffs (``tenants.plans``). Nothing is looked at while a message is
on its way: a job writes what the plan stops into the profile, which every worker has at hand.
"""
