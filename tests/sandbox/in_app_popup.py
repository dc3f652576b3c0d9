"""The brand's bucket of popup documents, and an app that pulls from it and believes nothing that is not signed.

GET /app/popups/<user id>   what the app of a user shows: the popups of a document that is theirs, signed and valid
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import datetime
from typing import Any, ClassVar

from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from tests.sandbox.bucket import Bucket
from tests.sandbox.fate import send_time

SEED = hashlib.sha256(b"sandbox signing key of popups").digest()
FEED_SECRET = "sandbox-feed-secret-0123456789abcdef"


def app_user_id(person: str) -> str:
    """The app's user id of a person of the world."""
    return f"app-{person}"


class InAppPopup(Bucket):
    """The bucket, the brand's server that knows feed ids, and the apps of everybody in the world."""

    name: ClassVar[str] = "in_app_popup"
    secret: ClassVar[str] = "sandbox-secret-in-app-popup"
    prefix: ClassVar[str] = "popups"

    def connection(self, url: str) -> dict[str, Any]:
        """The bucket's keys, the signing key and the secret of feed ids."""
        fields = super().connection(url)
        own = {"signing_key": base64.b64encode(SEED).decode(), "feed_secret": FEED_SECRET}
        return {**fields, "extra": {**fields["extra"], **own}}

    def routes(self) -> list[web.RouteDef]:
        """The bucket, and the window of an app."""
        return [web.get("/app/popups/{user}", self._app), *super().routes()]

    def public_key(self) -> Ed25519PublicKey:
        """What is built into the app."""
        return Ed25519PrivateKey.from_private_bytes(SEED).public_key()

    def feed_id(self, user: str) -> str:
        """What the brand's server tells the app of a user."""
        return hmac.new(FEED_SECRET.encode(), f"feed|{user}".encode(), hashlib.sha256).hexdigest()

    def shown(self, user: str) -> list[dict[str, Any]]:
        """What the app of a user shows now."""
        content = self.objects.get(f"{self.prefix}/{self.feed_id(user)}.json")
        if content is None:
            return []
        signed = json.loads(content)
        try:
            self.public_key().verify(base64.b64decode(signed["signature"]), signed["document"].encode())
        except InvalidSignature:
            return []
        document = json.loads(signed["document"])
        now = self.clock.now()
        if document["feed_id"] != self.feed_id(user) or datetime.fromisoformat(document["expires_at"]) <= now:
            return []
        return [popup for popup in document["popups"] if datetime.fromisoformat(popup["end_at"]) > now]

    def written(self, key: str, content: bytes) -> None:
        """Let the app of the document's user pull; a popup that it knows already is no news."""
        known = {(delivery["recipient"], delivery["provider_id"]) for delivery in self.deliveries}
        users = {self.feed_id(app_user_id(person.id)): app_user_id(person.id) for person in self.world.people}
        user = users.get(key.removeprefix(f"{self.prefix}/").removesuffix(".json"), "")
        for popup in self.shown(user):
            if (user, popup["popup_id"]) not in known:
                self.deliveries.append(
                    {
                        "recipient": user,
                        "content": popup["content"]["title"] + "\n" + popup["content"]["body"],
                        "provider_id": popup["popup_id"],
                        "batch_key": "",
                        "day": send_time(self.clock).date().isoformat(),
                        "outcome": "shown",
                    }
                )

    async def _app(self, request: web.Request) -> web.Response:
        return web.json_response(self.shown(request.match_info["user"]))
