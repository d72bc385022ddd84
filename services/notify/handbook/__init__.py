"""The documents of the product inside the product: those that lie beside the code that runs.

library.py     which documents there are, where each of them is shown, and where a link of theirs leads
rendering.py   Markdown → HTML that holds nothing but what we write
search.py      text in headings and sections; Chinese has no spaces, so any part of a sentence is found
doors.py       /docs
"""
