"""KPIs as code: specs in text, verdicts from data."""
