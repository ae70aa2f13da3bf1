"""Reading other people's web sites politely: addresses, robots.txt, sitemaps, links, the wire.

Pure text and requests; what becomes of a page is decided in ``knowledge.services``.
"""
