"""The gateway that a participant runs."""
