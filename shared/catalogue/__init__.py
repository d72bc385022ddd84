"""The catalogue of public events as a small website: pages for people, AsyncAPI and JSON Schema for programs.

`site.files()` is the whole of it, made from the contracts; notify serves it, `wuji events catalogue --write` keeps it.
"""
