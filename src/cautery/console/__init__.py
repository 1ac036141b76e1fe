"""The operations room: cases in a browser, served by `cautery serve` to the people of one machine.

A page is one call of a workflow, one view and one template. The room holds no private key, writes
to no case, and keeps none from being closed.
"""
