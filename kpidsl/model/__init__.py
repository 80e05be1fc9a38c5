"""The nouns of the language: units, periods, types and definitions. Knows no text, no table and no engine."""
