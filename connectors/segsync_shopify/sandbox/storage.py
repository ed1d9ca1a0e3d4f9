"""Where results lie: signed links, as Google Cloud Storage serves them, to be followed without our token."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import timedelta
from urllib.parse import urlencode

from werkzeug.wrappers import Request, Response

from segsync_shopify.sandbox.account import Account
from segsync_shopify.sandbox.bulk import Operation
from segsync_shopify.sandbox.values import gid, number_of

LINKS_LIVE = timedelta(days=7)
_SIGNER = "assets-us-prod@shopify.example.com"
_SEAL = b"the stand-in signs with this"
_SECRET_HEADERS = ("X-Shopify-Access-Token", "Authorization")


def link(base: str, one: Operation) -> str:
    """The link to an operation's file, on the server at `base`."""
    name = f"bulk-{number_of(one.id)}.jsonl"
    assert one.completed is not None
    expires = str(int((one.completed + LINKS_LIVE).timestamp()))
    seal = {"GoogleAccessId": _SIGNER, "Expires": expires, "Signature": _signature(name, expires)}
    return f"{base}/storage/{name}?{urlencode(seal)}"


def _signature(name: str, expires: str) -> str:
    return base64.b64encode(hmac.new(_SEAL, f"{name} {expires}".encode(), hashlib.sha256).digest()).decode()


def serve(account: Account, request: Request, name: str) -> Response:
    """A file, in whole or by range; XML with a reason where the link is none or is old."""
    if any(header in request.headers for header in _SECRET_HEADERS):
        account.counts["leaked_tokens"] += 1
        return _xml(400, "InvalidArgument", "A signed link takes no other credential.")
    expires, signature = request.args.get("Expires", ""), request.args.get("Signature", "")
    if not hmac.compare_digest(signature.encode(), _signature(name, expires).encode()):
        return _xml(403, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature.")
    one = account.bulk.all.get(gid("BulkOperation", name.removeprefix("bulk-").removesuffix(".jsonl")))
    if one is None or one.body is None:
        return _xml(404, "NoSuchKey", "The specified key does not exist.")
    if one.link_dead or account.clock.now().timestamp() >= int(expires):
        return _xml(400, "ExpiredToken", "The provided token has expired.")
    account.counts["downloads"] += 1
    response = Response(one.body, content_type="application/jsonl")
    return response.make_conditional(request, accept_ranges=True, complete_length=len(one.body.encode()))


def _xml(status: int, code: str, message: str) -> Response:
    text = f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return Response(text, status=status, content_type="application/xml; charset=UTF-8")
