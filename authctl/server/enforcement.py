"""The only door: every request is read, judged and passed on here, or not at all."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import anyio.to_thread

from authctl.errors import AuthctlError, InvalidRequest, NotAuthenticated
from authctl.model import Principal
from authctl.policy.decision import admit, decide
from authctl.policy.rule import Access, Body
from authctl.server import replies
from authctl.server.admin_api import Call, answer
from authctl.server.effects import Effects, check_only, check_words
from authctl.server.exchange import Exchange
from authctl.server.filters import Filter, narrowed, page_size
from authctl.server.graphql import Document
from authctl.server.lookup import Homes, Lookup
from authctl.server.memory import Caller
from authctl.server.page_tokens import purpose_of
from authctl.server.redaction import Redaction
from authctl.server.resolve import Grantable, Resolver
from authctl.upstream.subrequest import Answer, collect

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

    from authctl.policy.decision import Demand
    from authctl.policy.resolution import Levels
    from authctl.policy.rule import Keep, Narrow, Need, Rule
    from authctl.policy.table import Table
    from authctl.server.admin_api import Settings
    from authctl.server.memory import Known, Memory
    from authctl.server.origin import Origins
    from authctl.server.page_tokens import PageTokens
    from authctl.server.request import Reading
    from authctl.store.base import Store

    Authenticate = Callable[[Scope, Known], Awaitable[Principal | Response | None]]

_log = logging.getLogger("authctl.door")
_OK = 200
_SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class Parts:
    """What the door is made of.

    `authenticate` gives whoever asks, by what is known then; None when nobody was proven, or an
    answer of its own. `bearer` says that it wants tokens.
    """

    upstream: ASGIApp
    table: Table
    authenticate: Authenticate
    memory: Memory
    store: Store
    origins: Origins
    page_tokens: PageTokens
    settings: Settings
    bearer: bool = False


class Door:
    """An ASGI application in front of the upstream and the admin API."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._effects = Effects(parts.store)
        self._grantable = Grantable(parts.store.generation, parts.store.keeps)
        self._runs = Homes()
        self._logged_models = Homes()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one ASGI scope."""
        if scope["type"] == "lifespan":
            await self._parts.upstream(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        exchange = Exchange(scope, receive, send)
        try:
            await self._answer(exchange)
        except AuthctlError as error:
            if exchange.started:
                raise
            level = logging.ERROR if error.http_status >= _SERVER_ERROR else logging.INFO
            _log.log(level, "%s: %s", type(error).__name__, error.message)
            await exchange.reply(replies.failed(error, accept=exchange.headers.get("accept")))

    async def _answer(self, exchange: Exchange) -> None:
        target = exchange.aim(self._parts.settings.static_prefix)
        match = self._parts.table.match(target.method, target.version, target.path)
        if match is not None and match.rule.access is Access.PUBLIC:
            await exchange.read(match)
            await exchange.stream(self._parts.upstream)
            return
        caller = await self._caller(exchange)
        if caller is None:
            return
        self._parts.origins.check(target.method, exchange.headers)
        if match is None:
            await self._unlisted(exchange, caller.principal)
            return
        await exchange.read(match)
        if exchange.took_time:
            # What has been taken away since the request began is not to be had by being slow.
            caller = await self._caller(exchange)
        if caller is not None:
            await self._judge(exchange, match.rule, caller)

    async def _caller(self, exchange: Exchange) -> Caller | None:
        """Whoever is proven to ask; None where that was nobody, who has been answered."""
        known = await self._parts.memory.now()
        principal, why = None, None
        try:
            principal = await self._parts.authenticate(exchange.scope, known)
        except NotAuthenticated as refusal:
            _log.info("refused: %s", refusal.message)
            why = refusal.message
        if isinstance(principal, Principal):
            exchange.asking = principal.username
            return Caller(principal, known)
        api, bearer = exchange.is_api, self._parts.bearer
        answered = principal or replies.unauthenticated(api=api, bearer=bearer, why=why)
        await exchange.reply(answered)
        return None

    async def _unlisted(self, exchange: Exchange, principal: Principal) -> None:
        target = exchange.target
        if target.method == "HEAD" and self._parts.table.match("GET", target.version, target.path):
            raise InvalidRequest("HEAD is not answered here; use GET.")
        decision = admit(None, principal, None)
        if decision is None or not decision.allowed:
            await self._deny(exchange, principal, "unlisted", "no row speaks for this route")
            return
        _log.warning("unlisted, passed for an administrator: %s %s", target.method, target.path)
        exchange.check_headers()
        await exchange.stream(self._parts.upstream)

    async def _judge(self, exchange: Exchange, rule: Rule, caller: Caller) -> None:
        principal, reading = caller.principal, exchange.reading
        check_words(rule, reading)
        resolver = self._resolver(exchange, principal)
        who = await resolver.who(rule.who, reading) if rule.who else None
        decision = admit(rule, principal, who)
        if decision is not None and not decision.allowed:
            await self._deny(exchange, principal, rule.name, decision.reason)
            return
        demands: list[Demand] = []
        if decision is None or rule.here:
            demands = await resolver.demands(rule, reading)
        if principal.is_admin or (decision is not None and not rule.needs_levels):
            await self._perform(exchange, rule, principal, demands)
            return
        check_only(rule, reading)
        levels = await caller.levels()
        if rule.body is Body.GRAPHQL:
            await self._graphql(exchange, rule, principal, resolver, levels)
            return
        decision = decision or decide(rule, demands, levels)
        if not decision.allowed:
            await self._deny(exchange, principal, rule.name, decision.reason)
            return
        redaction = Redaction(rule, levels)
        if rule.keep:
            await self._search(exchange, rule, rule.keep, resolver, levels, redaction)
            return
        if rule.narrow:
            await self._narrow(exchange, rule.narrow, resolver, levels)
        await self._perform(exchange, rule, principal, demands, redaction)

    async def _perform(
        self,
        exchange: Exchange,
        rule: Rule,
        principal: Principal,
        demands: Sequence[Demand],
        redaction: Redaction | None = None,
    ) -> None:
        """Do what was allowed: here, or upstream and then its effect on grants."""
        if rule.unlike_users:
            await anyio.to_thread.run_sync(self._check_unlike_users, rule, exchange.reading)
        if rule.here:
            call = Call(
                store=self._parts.store,
                principal=principal,
                reading=exchange.reading,
                resource=demands[0].resource if demands else None,
                cookies=exchange.cookies,
                headers=exchange.headers,
                settings=self._parts.settings,
                lookup=self._lookup(exchange),
                scheme=exchange.scope["scheme"],
            )
            await exchange.reply(await answer(rule, call))
        elif rule.then is None and not redaction:
            await exchange.stream(self._parts.upstream)
        else:
            done = await collect(self._parts.upstream, exchange.forwarded_scope(), exchange.body)
            if rule.then and done.status == _OK:
                await anyio.to_thread.run_sync(
                    self._effects.apply, rule.then, principal, exchange.reading, done.body
                )
            await exchange.reply_with(redaction.of(done) if redaction else done)

    async def _search(
        self,
        exchange: Exchange,
        rule: Rule,
        keep: Keep,
        resolver: Resolver,
        levels: Levels,
        redaction: Redaction,
    ) -> None:
        tokens, reading = self._parts.page_tokens, exchange.reading
        purpose = purpose_of(exchange.asking or "", rule.name, reading.parameters)
        sealed = reading.text("page_token")
        start = tokens.open(sealed, purpose) if sealed else None

        async def ask(rows: int | None, token: str | None) -> Answer:
            page = exchange.page(rows, start if token is None else token)
            return await collect(self._parts.upstream, *page)

        def seal(token: str) -> str:
            return tokens.seal(token, purpose)

        page = Filter(keep, resolver, levels, ask, seal)
        found = await page.answer(page_size(reading.one("max_results")), start)
        await exchange.reply_with(redaction.of(found))

    async def _narrow(
        self, exchange: Exchange, narrow: Narrow, resolver: Resolver, levels: Levels
    ) -> None:
        ids = exchange.reading.named(narrow.need.selector)
        if ids:
            readable = await narrowed(narrow, ids, resolver, levels)
            exchange.replace_body({**exchange.reading.body, narrow.field: readable})

    async def _graphql(
        self,
        exchange: Exchange,
        rule: Rule,
        principal: Principal,
        resolver: Resolver,
        levels: Levels,
    ) -> None:
        document = Document.read(exchange.reading.body)
        demands = [
            demand
            for need, given in document.asked
            for demand in await resolver.demands_of(need, given)
        ]
        decision = decide(rule, demands, levels)
        if not decision.allowed:
            await self._deny(exchange, principal, rule.name, decision.reason)
            return

        async def allowed(need: Need, row: Mapping[str, Any]) -> bool:
            return await resolver.allows(need, row, levels)

        done = await collect(self._parts.upstream, exchange.forwarded_scope(), exchange.body)
        await exchange.reply_with(await document.keep(done, allowed))

    async def _deny(self, exchange: Exchange, principal: Principal, rule: str, reason: str) -> None:
        who = repr(principal.username)
        if principal.token is not None:
            who = f"{who} with the token {principal.token!r}"
        _log.info("denied: %s %r by %s: %s", rule, exchange.target.path, who, reason)
        await exchange.reply(replies.denied(api=exchange.is_api))

    def _check_unlike_users(self, rule: Rule, reading: Reading) -> None:
        """Refuse to name a review queue like a user, whose own queue it would stand in for."""
        name = reading.text(rule.unlike_users)
        if name and name.strip().lower() in {
            user.username.strip().lower() for user in self._parts.store.list_users()
        }:
            raise InvalidRequest(f"Invalid {rule.unlike_users}: '{name}' is a user's name.")

    def _lookup(self, exchange: Exchange) -> Lookup:
        return Lookup(
            self._parts.upstream,
            exchange.scope,
            self._parts.settings.static_prefix,
            self._runs,
            self._logged_models,
        )

    def _resolver(self, exchange: Exchange, principal: Principal) -> Resolver:
        return Resolver(self._lookup(exchange), principal, self._grantable)
