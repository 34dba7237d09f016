"""The adapters: one module per server, each needing the extra that its docstring names.

Nothing is imported here, so that an application pays only for the adapter that it imports itself.
"""
