"""What is measured: our gateway, the yardsticks, and the peers.

running.py            what a subject looks like to a case
hark.py               our gateway
kernel.py, kernel.c   the yardsticks: plain send() and recv() in C; bare.py without a compiler
peers.py              other servers, from packages in a virtual environment of their own
peer_*.py             the programs that those run, at their fastest documented setting
"""
