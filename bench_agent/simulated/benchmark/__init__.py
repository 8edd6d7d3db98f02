"""A year of a modelled bench under a policy: what a change of the energy rules is worth (POW-R61 to R64).

It needs the ``dev`` extra; the agent never imports it.
"""
