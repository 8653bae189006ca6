"""The proof by killing: everything runs for real, everything is killed, and nothing may be lost.

`python -m tests.chaos` (`make chaos`) starts the whole application, a crowd of people with their
screens, and writers who comment on each other's posts. Meanwhile every process is killed and every
network link is cut, at moments drawn from a seed. In the end each screen must show what the
database holds.

run.py is the way in; plan.py draws the faults, world.py inflicts them; writers.py and
transactions.py write; device.py holds a screen's connection and screen.py its rules, and
browsers.py those that run the front end itself; truth.py reads
the database and verdict.py compares.
"""
