"""Sample data: a made-up company's conversations, leads and documents, to look around with.

It is loaded on request and goes without a trace. Whatever is loaded hangs on channels and documents
that say of themselves that they are samples: CRMs, webhooks, bills and figures pass those over, and
no customer is answered from them.
"""
