"""The guard: whom else an act on a target would hit, and whether the act is allowed.

Its rules stand in ``address_rules``, ``name_rules`` and ``tenant_rules``, by what they judge;
``guard`` asks each of them.
"""
