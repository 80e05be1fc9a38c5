"""From a graph and tables to numbers: sources are attached, scanned once each, and formulas are computed."""
