"""Use cases, one function or small class each; everything outside is handed in."""
