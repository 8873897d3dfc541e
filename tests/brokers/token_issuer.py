"""Who issues the tests' OAuth 2 tokens: a key pair, its public half as a JWKS file, and signed JWTs."""
import base64
import json
import pathlib
import subprocess
import time

KEY_ID = "tests"


def base64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class TokenIssuer:
    """`jwks` is the path of the file with what tokens are validated against. `folder` is made where it is not there."""

    def __init__(self, folder, name="mombridge-tests"):
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.jwks = folder / "jwks.json"
        self._key = folder / "issuer.key"
        self._openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", self._key)
        modulus = self._openssl("rsa", "-in", self._key, "-noout", "-modulus").decode().strip().partition("=")[2]
        self.jwks.write_text(json.dumps({"keys": [{"kty": "RSA", "kid": KEY_ID, "use": "sig", "alg": "RS256",
                                                   "n": base64url(bytes.fromhex(modulus)), "e": base64url(b"\1\0\1")}]}))

    def token(self, subject, seconds=3600, **claims):
        """A token for the subject that ends so many seconds from now; a claim that is None is left out."""
        now = int(time.time())
        claims = {"iss": self.name, "sub": subject, "iat": now, "exp": now + seconds, "scope": "kafka", **claims}
        parts = [{"alg": "RS256", "typ": "JWT", "kid": KEY_ID}, {k: v for k, v in claims.items() if v is not None}]
        signed = ".".join(base64url(json.dumps(part).encode()) for part in parts)
        return f"{signed}.{base64url(self._openssl('dgst', '-sha256', '-sign', self._key, text=signed))}"

    @staticmethod
    def _openssl(*arguments, text=""):
        return subprocess.run(["openssl", *map(str, arguments)], input=text.encode(), check=True, capture_output=True).stdout
