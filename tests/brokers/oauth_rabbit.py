"""A private RabbitMQ that takes OAuth 2 tokens beside passwords (rabbitmq_auth_backend_oauth2)."""
import base64
import hashlib
import hmac
import json
import time
import uuid

from rabbit_node import Rabbit

KEY_ID, AUDIENCE = "tests", "rabbitmq"
EVERYTHING = ("read:*/*", "write:*/*", "configure:*/*")

ADVANCED = """[{{rabbitmq_auth_backend_oauth2, [
  {{resource_server_id, <<"{audience}">>}},
  {{key_config, [
    {{default_key, <<"{key_id}">>}},
    {{signing_keys, #{{<<"{key_id}">> => {{map, #{{<<"kty">> => <<"MAC">>, <<"alg">> => <<"HS256">>, <<"value">> => <<"{key}">>}}}}}}}}]}}]}}].
"""


def base64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def with_oauth(base):
    """A kind of Rabbit that takes tokens as well. `url` is guest's, `address` one without a user."""

    class Oauth(base):
        def __init__(self, conf="", plugins=(), **options):
            self._key = uuid.uuid4().hex * 2
            super().__init__(conf=f"auth_backends.1 = internal\nauth_backends.2 = rabbit_auth_backend_oauth2\n{conf}",
                             plugins=(*plugins, "rabbitmq_auth_backend_oauth2"),
                             advanced=ADVANCED.format(audience=AUDIENCE, key_id=KEY_ID, key=self._key), **options)
            self.address = f"amqp://127.0.0.1:{self.port}/"

        def token(self, seconds=3600, subject="bridge", scopes=EVERYTHING, **claims):
            """A token that ends so many seconds from now."""
            now = time.time()
            claims = {"sub": subject, "aud": [AUDIENCE], "iat": int(now), "exp": int(now + seconds), "jti": uuid.uuid4().hex,
                      "scope": [f"{AUDIENCE}.{scope}" for scope in scopes], **claims}
            signed = ".".join(base64url(json.dumps(part).encode())
                              for part in ({"alg": "HS256", "typ": "JWT", "kid": KEY_ID}, claims))
            return f"{signed}.{base64url(hmac.new(self._key.encode(), signed.encode(), hashlib.sha256).digest())}"

    return Oauth


OauthRabbit = with_oauth(Rabbit)
