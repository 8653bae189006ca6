"""The load client: thousands of sockets in a process of its own.

clients.py     what one socket is and has heard
dialogues.py   how a client of each kind opens its connection
swarm.py       the process: all clients on one epoll, driven by calls over a pipe
remote.py      how a benchmark starts a swarm and calls it
wire.py        reading samples back, byte for byte
"""
