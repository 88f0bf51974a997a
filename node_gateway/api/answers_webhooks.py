"""What the answers about webhooks look like; see `answers`."""

from __future__ import annotations

from typing import Literal

from node_gateway.api.answers import _Answer


class WebhookAnswer(_Answer):
    """A webhook; `publicKeys` check the `v1a` signatures, of which each request may carry two."""

    id: str
    url: str
    types: list[str]
    state: Literal["active", "failing", "disabled"]
    created_at: str
    failing_since: str | None
    last_error: str | None
    last_status: int | None
    delivered_at: str | None
    public_keys: list[str]


class WebhookWithSecret(WebhookAnswer):
    """As it is shown once: `secret` checks the `v1` signatures."""

    secret: str


class WebhookList(_Answer):
    """Webhooks, and the types of what they can be told, with their meanings."""

    webhooks: list[WebhookAnswer]
    types: dict[str, str]


class Replayed(_Answer):
    """How many deliveries go out again."""

    replayed: int


class DeliveryAnswer(_Answer):
    """How one delivery went; `event` goes into `before` and `replay`."""

    event: int
    id: str
    type: str
    state: Literal["waiting", "delivered", "given_up"]
    tries: int
    time: str
    next_at: str | None
    done_at: str | None
    last_error: str | None
    last_status: int | None


class DeliveryList(_Answer):
    """Deliveries, the newest first; `next` goes into `before`."""

    deliveries: list[DeliveryAnswer]
    next: int | None
