"""The inbox, its threads, and the channels behind them."""
