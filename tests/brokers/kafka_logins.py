"""What a Kafka of the tests wants to know of its clients: its listeners with TLS and logins, and who its users are."""
from certificates import Authority, joined
from token_issuer import TokenIssuer

# What each of the listeners speaks.
LISTENERS = {"TLS": "SSL", "MTLS": "SSL", "SCRAM": "SASL_SSL", "PLAIN": "SASL_PLAINTEXT", "OAUTH": "SASL_PLAINTEXT"}
WITH_CERTIFICATE = [name.lower() for name, protocol in LISTENERS.items() if "SSL" in protocol]

PROPERTIES = """listener.name.tls.ssl.client.auth=requested
listener.name.mtls.ssl.client.auth=required
ssl.principal.mapping.rules=RULE:^CN=([^,]+).*$/$1/,DEFAULT
listener.name.scram.sasl.enabled.mechanisms=SCRAM-SHA-256,SCRAM-SHA-512
listener.name.scram.scram-sha-256.sasl.jaas.config={security}.scram.ScramLoginModule required;
listener.name.scram.scram-sha-512.sasl.jaas.config={security}.scram.ScramLoginModule required;
listener.name.plain.sasl.enabled.mechanisms=PLAIN
listener.name.plain.plain.sasl.jaas.config={security}.plain.PlainLoginModule required {users};
listener.name.oauth.sasl.enabled.mechanisms=OAUTHBEARER
listener.name.oauth.oauthbearer.sasl.jaas.config={security}.oauthbearer.OAuthBearerLoginModule required;
listener.name.oauth.oauthbearer.sasl.server.callback.handler.class={security}.oauthbearer.OAuthBearerValidatorCallbackHandler
sasl.oauthbearer.jwks.endpoint.url={jwks}
sasl.oauthbearer.expected.issuer={issuer}
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS;User:{superuser}
"""
SECURITY = "org.apache.kafka.common.security"


class Logins:
    """Who may log in, and what that takes.

    User "bridge" may do everything; "guest" may do what ACLs allow, which is nothing at first. Both have `password`, for
    SCRAM and PLAIN; a certificate of `ca` with that common name and a token of `issuer` with that subject are the same
    users. `folder` is the node's.
    """

    password = "kafka-tests-password"
    users = ("bridge", "guest")

    def __init__(self, folder):
        self._folder = folder
        self.issuer = TokenIssuer(folder)
        self.replace_authority()

    def replace_authority(self):
        """Another CA, which from the node's next launch on is the one that counts, with all that it issues."""
        self.ca = Authority(self._folder, "mombridge Kafka CA")
        self.client = self.ca.client(self.users[0])
        server = self.ca.server()
        # Java takes a certificate as one PEM file that begins with its key.
        joined(self._folder / "server.pem", server.key, server.certificate)
        joined(self._folder / "trusted.pem", self.ca.certificate)

    def properties(self):
        """Lines of server.properties."""
        files = {"keystore": self._folder / "server.pem", "truststore": self._folder / "trusted.pem"}
        stores = "".join(f"listener.name.{name}.ssl.{store}.type=PEM\nlistener.name.{name}.ssl.{store}.location={path}\n"
                         for name in WITH_CERTIFICATE for store, path in files.items())
        users = " ".join(f'user_{user}="{self.password}"' for user in self.users)
        return stores + PROPERTIES.format(security=SECURITY, users=users, superuser=self.users[0], jwks=self._jwks(),
                                          issuer=self.issuer.name)

    def java_options(self):
        return [f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={self._jwks()}"]

    def users_to_add(self):
        """The arguments with which the storage is formatted, for SCRAM's users to be there from the start."""
        return [word for user in self.users for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512")
                for word in ("--add-scram", f"{mechanism}=[name={user},password={self.password}]")]

    def state(self):
        return {"ca": str(self.ca.certificate), "certificate": str(self.client.certificate), "key": str(self.client.key),
                "user": self.users[0], "password": self.password}

    def _jwks(self):
        return f"file://{self.issuer.jwks}"
