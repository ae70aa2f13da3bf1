"""Letters, read and written: MIME in, plain values out. Pure; no letter makes it raise."""
