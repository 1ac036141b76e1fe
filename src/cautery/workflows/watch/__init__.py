"""The watch: from sources to verdicts, to a map and to guarded interventions, all sealed.

``run`` says the order of events; each of its parts is one module. The journal is the only pen.
"""
