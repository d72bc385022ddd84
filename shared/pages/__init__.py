"""The frame of all pages: base templates, tokens, words in two languages, sessions. See docs/pages.md."""
