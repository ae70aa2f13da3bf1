"""A browser's side of Web Push: its keys, and opening what was sealed for it (RFC 8291)."""

import base64
import json
import struct
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.jwk import ECKey

from tenants.accounts.models import User
from tenants.notices.models import PushDevice
from tenants.notices.services import keep_device


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Browser:
    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._public = self._key.public_key().public_bytes(
            Encoding.X962, PublicFormat.UncompressedPoint
        )
        self._secret = b"sixteen secrets!"
        self.keys = {"p256dh": encoded(self._public), "auth": encoded(self._secret)}

    def allow(self, user: User) -> PushDevice:
        return keep_device(user=user, endpoint=self.endpoint, **self.keys)

    def opened(self, body: bytes) -> dict[str, Any]:
        """https://www.rfc-editor.org/rfc/rfc8291#section-3.4"""
        salt, (_size, length) = body[:16], struct.unpack("!LB", body[16:21])
        theirs, sealed = body[21 : 21 + length], body[21 + length :]
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs)
        shared = self._key.exchange(ec.ECDH(), point)
        info = b"WebPush: info\x00" + self._public + theirs
        master = HKDF(SHA256(), 32, self._secret, info).derive(shared)
        key = HKDF(SHA256(), 16, salt, b"Content-Encoding: aes128gcm\x00").derive(master)
        nonce = HKDF(SHA256(), 12, salt, b"Content-Encoding: nonce\x00").derive(master)
        plain = AESGCM(key).decrypt(nonce, sealed, None)
        assert plain.endswith(b"\x02")  # the last record
        said: dict[str, Any] = json.loads(plain[:-1])
        return said


def signed_by(request: httpx.Request) -> tuple[str, dict[str, Any]]:
    """Whose key signed it, and what it claims: https://www.rfc-editor.org/rfc/rfc8292#section-3"""
    said = dict(
        part.strip().split("=", 1)
        for part in request.headers["authorization"].removeprefix("vapid ").split(",")
    )
    raw = decoded(said["k"])
    key = ECKey.import_key(
        {"kty": "EC", "crv": "P-256", "x": encoded(raw[1:33]), "y": encoded(raw[33:])}
    )
    return said["k"], jwt.decode(said["t"], key, algorithms=["ES256"]).claims
