"""What specs are about, apart from their text: units, periods, types, functions, sources."""
