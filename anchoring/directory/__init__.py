"""The network as its contracts' logs tell it: participants, keys, prefixes, notices, proposals."""
