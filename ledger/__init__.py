"""What is written down: append, prove, never edit.

Read in this order: `entry` (a fact in its envelope, as bytes), `merkle` (the head that commits to them), `schema` (tables and roles),
`store` (the one append), `memory` (states folded from entries), `written` (an entry that is annulled or questioned), `writer` (decide,
group, answer), `vault` (what can be forgotten), `recorder` (the same ledger as an event store for other programs), `server` (our own
PostgreSQL).

What anybody may check without us needs Python alone and nothing but each other: `merkle`, `tile`, `note`, `checkpoint`, `policy`, `proof`,
and `ed25519`, in place of `crypto`.
"""
