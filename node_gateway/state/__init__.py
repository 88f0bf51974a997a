"""State rules: from the events of a code to its state and to what contradicts it. Pure.

docs/reference/state-rules.md says every rule; docs/adr/0007 why events are folded in the order of
their time. Nothing here refuses an event: history is history, it is flagged.
"""
