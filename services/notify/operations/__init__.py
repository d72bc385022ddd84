"""What whoever keeps the platform running looks at; every figure says whom it was asked of and when.

processes.py   every process's own word, at its admin port
broker.py      the queues, as the broker counts them
log.py         the log, the calendar and rebuilds, as the database knows them; notify's own deliveries
overview.py    all of it together: what could not be asked is said, and never left out
standing.py    one subscription, and what to do about it
doors.py, parked_doors.py, subscription_doors.py
"""
