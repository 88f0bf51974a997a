"""What goes from gateway to gateway: each knows its own books and its direct partners, no more.

`ports` says what features build on, `assembly` puts them together.
"""
