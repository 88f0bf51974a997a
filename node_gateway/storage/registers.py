"""Small tables: API keys and values about the database itself."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, delete, insert, or_, select, update

from node_gateway.storage import tables
from node_gateway.storage.errors import ApiKeyExistsError
from node_gateway.storage.records import ApiKey

_key, _meta = tables.api_key.c, tables.meta.c


def _api_key(row: Row[Any]) -> ApiKey:
    return ApiKey(
        key_id=row.key_id,
        name=row.name,
        key_hash=row.key_hash,
        scopes=tuple(row.scopes.split()),
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )


def add_api_key(connection: Connection, key: ApiKey) -> None:
    """See `ApiKeyStore`."""
    same = or_(_key.key_id == key.key_id, _key.key_hash == key.key_hash)
    if connection.execute(select(_key.key_id).where(same)).first() is not None:
        raise ApiKeyExistsError("an API key with this id or this hash exists already")
    connection.execute(
        insert(tables.api_key).values(
            key_id=key.key_id,
            name=key.name,
            key_hash=key.key_hash,
            scopes=" ".join(sorted(set(key.scopes))),
            created_at=key.created_at,
            expires_at=key.expires_at,
            revoked_at=key.revoked_at,
        )
    )


def api_key_by_hash(connection: Connection, key_hash: bytes) -> ApiKey | None:
    """See `ApiKeyStore`."""
    query = select(tables.api_key).where(_key.key_hash == key_hash)
    row = connection.execute(query).one_or_none()
    return None if row is None else _api_key(row)


def api_keys(connection: Connection) -> list[ApiKey]:
    """See `ApiKeyStore`."""
    query = select(tables.api_key).order_by(_key.created_at, _key.key_id)
    return [_api_key(row) for row in connection.execute(query)]


def revoke_api_key(connection: Connection, key_id: str, revoked_at: int) -> ApiKey | None:
    """See `ApiKeyStore`."""
    connection.execute(
        update(tables.api_key)
        .where(_key.key_id == key_id, _key.revoked_at.is_(None))
        .values(revoked_at=revoked_at)
    )
    row = connection.execute(select(tables.api_key).where(_key.key_id == key_id)).one_or_none()
    return None if row is None else _api_key(row)


def all_meta(connection: Connection) -> dict[str, bytes]:
    """See `MetaStore`."""
    return {row.name: row.value for row in connection.execute(select(tables.meta))}


def meta(connection: Connection, name: str) -> bytes | None:
    """See `MetaStore`."""
    return connection.execute(select(_meta.value).where(_meta.name == name)).scalar()


def set_meta(connection: Connection, name: str, value: bytes | None) -> None:
    """See `MetaStore`."""
    connection.execute(delete(tables.meta).where(_meta.name == name))
    if value is not None:
        connection.execute(insert(tables.meta).values(name=name, value=value))
