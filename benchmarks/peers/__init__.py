"""Other tools with the same KPIs on the same rows: `compare` measures them, one module knows one tool."""
