"""How long 20 KPIs by month and channel take on 10 M rows: kpidsl against one hand-written query.

    PYTHONPATH=. python benchmarks/scan.py [--rows 10000000] [--kpis 20] [--runs 3]

The rows are made once, deterministically, into benchmarks/data/. Both sides run in turn in one process on the same
file; the ratio of their medians is what counts, for the absolute times are the machine's.
"""
