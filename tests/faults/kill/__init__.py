"""The kill test of the send ledger: `python -m tests.faults.kill` (`make kill-test`), see docs/kill-test.md.

points           numbers what a sender does to the world: HTTP calls, SQL statements, commits
child            a sender in a process of its own that can be killed or stopped there
provider         the platforms, in a process that outlives every sender; their log of deliveries is the oracle
letterbox        a platform with neither key nor query, and its channel
stage            a planned night on one channel, and the comparison of ledger and log, person by person
ours             the sender: settle, then send
losing_designs   what others do instead
contest          dying at every point, stopping at every call, two at once, dying at random
report           the table and var/faults/kill.json
"""
