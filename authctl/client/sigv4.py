"""MLFLOW_TRACKING_AWS_SIGV4: requests signed for an AWS API Gateway, with botocore."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, ClassVar

from authctl.client.sign_in import set_header
from authctl.errors import InvalidRequest

if TYPE_CHECKING:
    from authctl.client.http import httpx
    from authctl.client.sign_in import Scheme

AWS_SIGV4 = "MLFLOW_TRACKING_AWS_SIGV4"

_SERVICE = "execute-api"
_DIGEST = "X-Amz-Content-SHA256"
_KEYS = "the AWS credentials"


class SigV4:
    """Signs as the plugin does that MLflow's client uses, with the keys and region of botocore.

    These are looked for in the environment and files of the process, as by the AWS command line.
    """

    scheme: ClassVar[Scheme] = "aws-sigv4"
    origin: ClassVar[str] = AWS_SIGV4
    name: ClassVar[None] = None
    what: ClassVar[str] = "the AWS signature"
    advice: ClassVar[str] = (
        f"{AWS_SIGV4} is set: look at the AWS credentials and the region, and at the clock of this"
        " machine."
    )
    keeps: ClassVar[frozenset[Scheme]] = frozenset()

    def __init__(self) -> None:
        # Keys that renew themselves, such as a role's, are expensive to get: they are kept.
        self._renewed: tuple[Any, str] | None = None

    def sign(self, request: httpx.Request) -> None:
        """Add the signature of this very request, with the time. InvalidRequest."""
        try:
            from botocore.auth import SigV4Auth  # noqa: PLC0415 - an extra, and slow to import
            from botocore.awsrequest import AWSRequest  # noqa: PLC0415 - as above
            from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - as above
        except ImportError:
            raise InvalidRequest(
                f"{AWS_SIGV4} is set, but what signs requests for AWS is not installed.",
                hint="pip install 'authctl[aws]'",
            ) from None
        # The host, the time, the digest of the body and the session's token are signed: whatever
        # else a proxy may change on the way stays out of it.
        unsigned = AWSRequest(
            method=request.method,
            # As it is going to be written on the wire.
            url=f"{request.url.scheme}://{request.headers['Host']}{request.url.raw_path.decode()}",
            headers={
                "Host": request.headers["Host"],
                _DIGEST: hashlib.sha256(request.read()).hexdigest(),
            },
        )
        try:
            keys, region = self._renewed or self._find()
            SigV4Auth(keys.get_frozen_credentials(), _SERVICE, region).add_auth(unsigned)
        except (BotoCoreError, ClientError) as error:
            # Their texts may quote what a program that gives out keys has printed.
            raise InvalidRequest(
                f"{AWS_SIGV4} is set, but {_KEYS} cannot be used ({type(error).__name__}).",
                hint="aws sts get-caller-identity shows what is wrong with them.",
            ) from None
        for name, value in unsigned.headers.items():
            if name != "Host":  # is there already
                set_header(request, name, value, _KEYS)

    def _find(self) -> tuple[Any, str]:
        from botocore.credentials import RefreshableCredentials  # noqa: PLC0415 - as above
        from botocore.session import Session  # noqa: PLC0415 - as above

        session = Session()
        # Asked first: where no credentials are, the network is searched for them, and waited for.
        region = session.get_config_variable("region")
        if not region:
            raise InvalidRequest(
                f"{AWS_SIGV4} is set, but no AWS region is known.",
                hint="Set AWS_DEFAULT_REGION, or region in ~/.aws/config.",
            )
        keys = session.get_credentials()
        if keys is None:
            raise InvalidRequest(
                f"{AWS_SIGV4} is set, but no AWS credentials are found.",
                hint="Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE.",
            )
        if isinstance(keys, RefreshableCredentials):
            self._renewed = keys, region
        return keys, region
