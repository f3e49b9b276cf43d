"""Service tokens in an auth database; the table comes with the first token."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import sqlalchemy

from authctl.errors import InvalidRequest
from authctl.model import ResourceType
from authctl.service_token import new_secret
from authctl.store import additions, revision, token_rows
from authctl.store.freshness import freshness_of
from authctl.store.schema import alone
from authctl.store.sql_bulk import SqlBulk
from authctl.store.sql_engine import reading, writing
from authctl.store.sql_users import require_user

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from authctl.model import Resource, User
    from authctl.service_token import Asked, Bearer, ServiceToken
    from authctl.store.freshness import Freshness
    from authctl.store.schema import Schema
    from authctl.store.sql_engine import Database


class SqlTokens(SqlBulk):
    """The tokens of SqlStore."""

    def __init__(self, database: Database, schema: Schema) -> None:
        super().__init__(database, schema)
        self._has_tokens = False

    def create_token(
        self, asked: Asked, *, created_by: str | None = None, now: datetime | None = None
    ) -> tuple[ServiceToken, str]:
        """Make a token; it, and the secret, which cannot be had again.

        AlreadyExists; NotFound for the user; InvalidRequest for what no token can be, such as one
        for a resource that this database has no place for.
        """
        now = _whole(now)
        asked.check(now)
        if asked.resources is not None:
            asked = replace(asked, resources=tuple(map(self._named, asked.resources)))
        secret = new_secret()
        if not self._has_tokens:
            self.database.write(self._make_table)
        return self._add_token(asked, secret, now, created_by), secret

    @reading
    def list_tokens(
        self, connection: Connection, username: str | None = None
    ) -> list[ServiceToken]:
        """Every token, or those of a user, by user and name. NotFound for the user."""
        user = None if username is None else require_user(connection, self.schema, username)
        if not self._tokens_in(connection):
            return []
        return token_rows.list_tokens(connection, self.schema, user)

    @writing
    def revoke_token(self, connection: Connection, username: str, name: str) -> None:
        """Take a token away: it is good for nothing from then on. NotFound."""
        user = require_user(connection, self.schema, username)
        if not self._tokens_in(connection):
            raise token_rows.no_token(user, name)
        token_rows.remove_token(connection, user, name)

    @reading
    def bearer(self, connection: Connection, secret: str) -> Bearer | None:
        """The token with this secret, expired or not, and its user; None where there is none."""
        if not self._tokens_in(connection):
            return None
        return token_rows.find_bearer(connection, self.schema, secret)

    @writing
    def note_use(self, connection: Connection, token: ServiceToken, now: datetime) -> None:
        """Write down that a token was used."""
        token_rows.note_use(connection, token, now)

    @writing
    def _add_token(
        self,
        connection: Connection,
        asked: Asked,
        secret: str,
        now: datetime,
        created_by: str | None,
    ) -> ServiceToken:
        user = require_user(connection, self.schema, asked.username)
        return token_rows.add_token(connection, user, asked, secret, now=now, created_by=created_by)

    def clear_tokens(self, connection: Connection, users: Iterable[User]) -> None:
        """Let new users begin without those that a deletion by other hands has left.

        Only SQLite gives ids out again, and lets users go while something refers to them.
        """
        if connection.dialect.name == "sqlite" and self._tokens_in(connection):
            token_rows.remove_tokens_of(connection, users)

    def _named(self, resource: Resource) -> Resource:
        """A resource as the door is going to name it: before MLflow 3.13 a prompt is a model."""
        if not self._grants.keeps(ResourceType(resource.type)):
            raise InvalidRequest(
                f"This auth database knows no grants on a {resource.type}, so no token is for one."
            )
        return self._grants.key(resource)

    def freshness(self) -> Freshness:
        """Proof that nothing in the database has changed since somebody looked."""
        return freshness_of(self.database)

    def watch(self) -> None:
        """Let the database say, by triggers, whether anything that a server remembers has changed.

        Unavailable where its account may not make authctl's own tables, or triggers.
        """
        if not self.database.read(revision.is_kept):
            self.database.write(self._watch)

    def _watch(self, connection: Connection) -> None:
        with alone(connection):
            self.hold(connection)
            additions.install(connection)
            revision.watch(connection)

    def _make_table(self, connection: Connection) -> None:
        if not self._tokens_in(connection):
            # On MySQL it ends the transaction, so it has one of its own.
            with alone(connection):
                self.hold(connection)
                additions.install(connection)

    def _tokens_in(self, connection: Connection) -> bool:
        """Whether there is a table of tokens; once there is, nobody needs to look again."""
        if not self._has_tokens:
            inspector = sqlalchemy.inspect(connection)
            self._has_tokens = inspector.has_table(token_rows.TABLE.name)
        return self._has_tokens


def _whole(now: datetime | None) -> datetime:
    return (now or datetime.now(UTC)).replace(microsecond=0)
