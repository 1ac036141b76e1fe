"""An access provider's agent for Cautery's block lists.

It fetches a list, checks that two people signed what the list adds, blocks no longer than they
signed, and unblocks by itself. `verifier` decides what is accepted, `agent` what is in force, and
`drivers` write it to a firewall, to resolvers or to routers.
"""
