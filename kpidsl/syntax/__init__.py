"""From text to nodes and back: `nodes` says what a file is, `parse` reads it, `format` writes it."""
