"""How good the offline engine is, measured on public evaluation sets beside the repository.

The sets are not ours to ship; where they are absent there is nothing to measure. They bring their
own scorers, which are run as they are.
"""
