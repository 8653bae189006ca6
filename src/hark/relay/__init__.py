"""The relay: the one process that reads what is owed, and delivers it.

loop.py is the way in; lease.py makes sure that only one runs; inboxes.py and numbering.py number
and push notifications; outbox.py takes the rows of every job (hark.jobs), threads.py those of the
slow ones.
"""
