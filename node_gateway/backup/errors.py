"""What can be wrong with a backup."""

from __future__ import annotations

from node_gateway.errors import GatewayError


class BackupError(GatewayError):
    """A backup cannot be made, read or put back."""

    code = "backup"


class BackupKeyError(BackupError):
    """There is no key to encrypt it for, or this is not a key that opens it."""

    code = "backup_key"


class BackupDamagedError(BackupError):
    """The file is no backup, is incomplete, or was changed. Nothing was put back."""

    code = "backup_damaged"


class BackupPlaceError(BackupError):
    """Something is in the way where the backup should go."""

    code = "backup_place"
