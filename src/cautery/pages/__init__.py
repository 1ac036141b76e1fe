"""Everything that people read as a page or a sheet: a view, a template, a rendering.

A page receives a view of frozen values and knows neither ledger nor stage; workflows fill the view.
"""
