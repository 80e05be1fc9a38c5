"""From parsed files to the evaluation graph: names, types, units, promises; mistakes told where they are.

`compile_files` is the whole stage. Inside, `resolve` says what is defined where; `sources` learns columns and
links; `rows` and `formulas` walk each expression once, to typed nodes that are shared where they are equal;
`promises`, `kpis` and `objectives` put them together; `meaning` hashes; `show` draws.
"""

from kpidsl.compile.project import compile_files
from kpidsl.compile.resolve import imports_of, missing_import, outside_import

__all__ = ["compile_files", "imports_of", "missing_import", "outside_import"]
