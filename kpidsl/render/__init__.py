"""Showing things: diagnostics, verdicts and explanations as text, JSON, CSV, Markdown and HTML.

One file per output. Nothing here decides anything; what is shown was settled by the stages before.
"""
