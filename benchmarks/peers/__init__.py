"""Other tools with the same KPIs on the same rows; `compare` measures them, a module a tool writes its files."""
