"""Hark's benchmarks. `python -m bench --help` says how to run them.

cases/      one module per question: what is asked, in which unit, beside which yardstick
subjects/   what is measured: our servers, the yardsticks, and the peers
load/       the load client, a process of its own, which also proves that everything arrived
results/    what the last full run found; docs/benchmarks.md quotes it
"""
