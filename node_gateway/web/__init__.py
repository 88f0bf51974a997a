"""What browsers get: templates, words in two languages, and the built scripts and styles."""
