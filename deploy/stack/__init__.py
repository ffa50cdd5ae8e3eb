"""The whole stack on one machine, as `make` calls it: its secrets, its start and end, deliveries, backups.

It needs Python and Docker's command line alone: no environment of ours.
"""
