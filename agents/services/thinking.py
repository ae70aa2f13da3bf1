"""One run from claim to outcome."""


def think(*, run_id: int) -> None:
    """Take a run up and bring it to its end; harmless where somebody else already did."""
    raise NotImplementedError
