"""One package (a *room*) for each task of an analyst; stages meet only here.

A workflow receives ports and plain values and says the order of events; the judgement lies in
the stages. Import the module of the task, so that a light task loads no heavy library::

    from cautery.workflows.mandate.read import read_mandate
"""
