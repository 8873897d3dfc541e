"""Certificates of the tests' own, made with the openssl command: a CA, what it signs, and what must not be trusted.

    ca = Authority(folder)
    server, client = ca.server(), ca.client("bridge")     each has .certificate and .key, paths of PEM files

Every call makes a new key pair in a file of its own, so nothing is shared and nothing has to be reset.
"""
import dataclasses
import datetime
import pathlib
import subprocess
import uuid

LOCAL = "DNS:localhost,IP:127.0.0.1"

# Only `openssl ca` takes a beginning and an end to the second; `openssl x509` counts days from now.
CONFIGURATION = """[ca]
default_ca = authority
[authority]
database = {folder}/index.txt
new_certs_dir = {folder}
rand_serial = yes
default_md = sha256
policy = names
unique_subject = no
copy_extensions = copyall
x509_extensions = issued
[names]
commonName = supplied
[issued]
authorityKeyIdentifier = keyid
"""


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, stdin=subprocess.DEVNULL)


def new_key(path):
    """Without a password, as PKCS#8, which Java reads as well."""
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", path)
    return path


def encrypted_key(key, password):
    """A copy of the key beside it that needs the password."""
    path = key.with_suffix(".encrypted.key")
    openssl("pkcs8", "-topk8", "-v2", "aes-256-cbc", "-in", key, "-passout", f"pass:{password}", "-out", path)
    return path


def joined(path, *parts):
    """One PEM file with all that the parts hold, in their order, as Kafka takes a key and its certificate."""
    path.write_text("".join(part.read_text() for part in parts))
    return path


@dataclasses.dataclass(frozen=True)
class Identity:
    """A certificate and its key."""

    certificate: pathlib.Path
    key: pathlib.Path


class Authority:
    """A CA with a key of its own; `certificate` is what its peers have to trust. `folder` is made where it is not there."""

    def __init__(self, folder, name="mombridge test CA"):
        self._folder = pathlib.Path(folder) / f"ca-{uuid.uuid4().hex[:8]}"
        self._folder.mkdir(parents=True)
        self.name = name
        self.certificate = self._folder / "ca.pem"
        self._key = new_key(self._folder / "ca.key")
        openssl("req", "-x509", "-new", "-key", self._key, "-subj", f"/CN={name}", "-days", "3650", "-out", self.certificate,
                "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        (self._folder / "index.txt").touch()
        self._configuration = self._folder / "openssl.cnf"
        self._configuration.write_text(CONFIGURATION.format(folder=self._folder))

    def server(self, names=LOCAL, begins=-3600, ends=30 * 86400, common_name="mombridge test server"):
        """For a server by these names; valid from and to so many seconds from now."""
        return self._issue(common_name, begins, ends, f"subjectAltName={names}", "extendedKeyUsage=serverAuth")

    def client(self, common_name, begins=-3600, ends=30 * 86400):
        """For a client, who it is by its common name; valid from and to so many seconds from now."""
        return self._issue(common_name, begins, ends, "extendedKeyUsage=clientAuth")

    def expired_server(self):
        return self.server(begins=-7200, ends=-3600)

    def not_yet_valid_server(self):
        return self.server(begins=3600, ends=7200)

    def server_of_another_name(self):
        return self.server(names="DNS:elsewhere.example,DNS:*.other.example")

    def expired_client(self, common_name):
        return self.client(common_name, begins=-7200, ends=-3600)

    def short_lived_client(self, common_name, seconds):
        return self.client(common_name, ends=seconds)

    def _issue(self, common_name, begins, ends, *extensions):
        base = self._folder / uuid.uuid4().hex[:8]
        made = Identity(base.with_suffix(".pem"), new_key(base.with_suffix(".key")))
        request = base.with_suffix(".csr")
        openssl("req", "-new", "-key", made.key, "-subj", f"/CN={common_name}", "-out", request,
                *(word for extension in extensions for word in ("-addext", extension)))
        openssl("ca", "-batch", "-notext", "-config", self._configuration, "-cert", self.certificate, "-keyfile", self._key,
                "-in", request, "-startdate", moment(begins), "-enddate", moment(ends), "-out", made.certificate)
        return made


def moment(seconds):
    """So many seconds from now, as openssl takes it."""
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)).strftime("%Y%m%d%H%M%SZ")
