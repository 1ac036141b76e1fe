"""People of the operations room: their accounts, logins and sessions, and the log of what they did.

Whoever watches over the others is watched, too: the log says who read it, and for what.
"""
