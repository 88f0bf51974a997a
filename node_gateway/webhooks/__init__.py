"""Webhooks: tell an operator's own systems what has happened, signed and retried.

`kinds` says of what, `sources` find it in the database, `signing` is Standard Webhooks, `telling`
runs beside the requests, `registering` is what the interfaces use.
"""
