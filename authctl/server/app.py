"""The one place where the server's parts are joined."""

from __future__ import annotations

from typing import TYPE_CHECKING

from authctl.config import BASIC_AUTHENTICATION, JWT_AUTHENTICATION
from authctl.policy.table import Table
from authctl.server.admin_api import Settings
from authctl.server.authenticate import Authenticator
from authctl.server.authorization_function import AuthorizationFunction, load_function
from authctl.server.enforcement import Door, Parts
from authctl.server.failed_logins import FailedLogins
from authctl.server.memory import Memory
from authctl.server.origin import Origins
from authctl.server.page_tokens import PageTokens
from authctl.server.signup_token import SignupTokens
from authctl.server.token_login import TokenLogin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp

    from authctl.config import AuthConfig
    from authctl.store.base import Store


def build_app(
    config: AuthConfig,
    *,
    upstream: ASGIApp,
    store: Store,
    secret_key: str,
    env: Mapping[str, str],
    static_prefix: str = "",
) -> ASGIApp:
    """Make the server: `upstream` behind the door, judged by the grants in `store`.

    InvalidRequest for an authorization_function that cannot be used.
    """
    is_basic = config.authorization_function == BASIC_AUTHENTICATION
    return Door(
        Parts(
            upstream=upstream,
            table=Table(),
            authenticate=TokenLogin(
                store,
                _by_password(config, store)
                if is_basic
                else AuthorizationFunction(load_function(config)),
            ),
            memory=Memory(store, store.freshness(), default=config.default_permission),
            store=store,
            origins=Origins.from_environment(env),
            page_tokens=PageTokens(secret_key),
            settings=Settings(
                default_permission=config.default_permission,
                tokens=SignupTokens(secret_key),
                is_basic=is_basic,
                static_prefix=static_prefix,
            ),
            bearer=config.authorization_function == JWT_AUTHENTICATION,
        )
    )


def _by_password(config: AuthConfig, store: Store) -> Authenticator:
    return Authenticator(
        FailedLogins(
            store,
            per_user=config.failed_logins_per_user,
            per_address=config.failed_logins_per_address,
        )
    )
