"""Figures a day: what each app counts, kept small enough to be read at once.

Nothing is counted while a customer waits. A job counts whole days anew from the rows themselves,
the last two always and an older one whenever something of it came in late; so a figure is right
whatever the order in which things arrived.
"""
