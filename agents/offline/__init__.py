"""An engine without network and key: rules, small trained weights and the local embedder.

Nothing here knows a row, a prompt or a provider; text in, values out.
"""
