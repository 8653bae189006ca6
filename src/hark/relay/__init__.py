"""The relay: the one process that reads what is owed, and delivers it.

loop.py is the way in; lease.py makes sure that only one runs; inboxes.py numbers and pushes
notifications; postman.py sends e-mail; outbox.py does everything else that is owed.
"""
