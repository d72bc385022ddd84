"""时限: every time limit of an issue, from its start to its stop, and who is called upon when one runs out.

book.py         what a clock is after each of its events
road.py         what the named events of an issue mean for its clocks
counting.py     due instants: when a clock starts, moves, stands still, and what is left of it
facts.py        the clock facts that should be in the log and are not yet
ladder.py       what falls due by the mere passing of time: 预警 超时 催办 督办 提级督办
posts.py        whom a rung addresses: the area's own chain of posts
rules.py        what all of this is decided with: the rulebook, emergencies, posts
keep.py         the reaction that keeps the clocks of an issue
timer.py        `wuji timer`: fires what has fallen due, however many of it run
projections.py  the index of due times, escalations, posts, areas in emergency mode
queries.py  doors.py  schemas.py   what people ask
"""
