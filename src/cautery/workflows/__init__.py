"""One module per analyst's task; the only place where stages meet.

A workflow receives ports and plain values and says the order of events; the judgement lies in
the stages. Import the module of the task, so that a light task loads no heavy library::

    from cautery.workflows.mandate.read import read_mandate
"""
