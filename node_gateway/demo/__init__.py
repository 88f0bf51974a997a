"""`sealtrail demo`: companies on one machine, a story, votes, and attacks that must fail.

Nothing here is a part of a gateway: it runs gateways, from outside, as people would.
"""
