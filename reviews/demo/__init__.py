"""A demonstration department: invented people, real rules.

Everything that the rules govern is built through the services, so it cannot drift from them.
"""
