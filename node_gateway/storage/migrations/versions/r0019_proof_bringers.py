"""Who brought which proof of an event that was handed over; conflicts of custody by their case."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_WAITING = (
    "INSERT INTO handover_proof (event, partner, ordinal, proof, refused) "
    "SELECT number, 0, 0, proof, 0 FROM handover_event "
    "WHERE sealed = 0 AND proof IS NOT NULL AND fields IS NOT NULL"
)
"""Who brought these is not known any more; participants count from 1, so that 0 accuses nobody."""


def upgrade() -> None:
    """Create the table, and let what waits wait in it."""
    op.create_table(
        "handover_proof",
        sa.Column("event", sa.BigInteger(), nullable=False),
        sa.Column("partner", sa.BigInteger(), nullable=False),
        sa.Column("ordinal", sa.SmallInteger(), nullable=False),
        sa.Column("proof", sa.LargeBinary(), nullable=False),
        sa.Column("refused", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("event", "partner", "ordinal"),
        sqlite_with_rowid=False,
    )
    waiting = sa.text("refused = 0")
    op.create_index(
        "handover_proof_waiting",
        "handover_proof",
        ["partner", "event", "ordinal"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    op.execute(_WAITING)
    op.drop_index("handover_event_unsealed", "handover_event")
    op.create_index("custody_conflict_by_case", "custody_conflict", ["case_number"], unique=False)
