"""The brand's bucket of popup documents, and an app that pulls from it and believes nothing that is not signed.

What an app shows it tells our own tracking, whose file of that day has it (`tracking.of_popup`).

GET /app/popups/<user id>   what the app of a user shows: the popups of a document that is theirs, signed and valid
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, ClassVar

from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from tests.sandbox.bucket import Bucket
from tests.sandbox.fate import send_time, share
from tests.sandbox.world.systems.tracking import app_user_id, of_popup

SEED = hashlib.sha256(b"sandbox signing key of popups").digest()
FEED_SECRET = "sandbox-feed-secret-0123456789abcdef"


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
        person = self._people.get(key.removeprefix(f"{self.prefix}/").removesuffix(".json"), "")
        user = app_user_id(self.world, person)
        for popup in self.shown(user):
            popup_id = popup["popup_id"]
            if (user, popup_id) not in known:
                opened = send_time(self.clock) + timedelta(hours=10 * share("app opened", popup_id))
                self.world.reported += of_popup(self.world, person, popup_id, opened)
                self.deliveries.append(
                    {
                        "recipient": user,
                        "content": popup["content"]["title"] + "\n" + popup["content"]["body"],
                        "provider_id": popup_id,
                        "batch_key": "",
                        "day": send_time(self.clock).date().isoformat(),
                        "outcome": "shown",
                    }
                )

    @cached_property
    def _people(self) -> dict[str, str]:
        """Who is behind each feed."""
        return {self.feed_id(app_user_id(self.world, person.id)): person.id for person in self.world.people}

    async def _app(self, request: web.Request) -> web.Response:
        return web.json_response(self.shown(request.match_info["user"]))
