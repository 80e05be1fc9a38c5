"""From data files to the spec that reads them: what `kpi init` writes."""

from kpidsl.sniff.write import sniff

__all__ = ["sniff"]
