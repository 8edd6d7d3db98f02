"""Refusals of the campaigns' room.

FleetError
└── CampaignConflictError  409: the campaign's state, its film or other campaigns do not allow it
"""

from fleet_server.errors import FleetError


class CampaignConflictError(FleetError):
    """Well formed, but not possible as things stand; the message says what to change."""

    status = 409
    title = "Belum dapat dilakukan"
