#include "config/tls.hpp"

#include <algorithm>
#include <filesystem>

#include "config/secret_files.hpp"
#include "config/text.hpp"
#include "config/yaml_reader.hpp"
#include "tls/certificates.hpp"

namespace mombridge::config {

namespace fs = std::filesystem;

namespace {

constexpr auto kSoon = std::chrono::hours(24 * 30);

void warn_of_end(Section& section, const std::string& key, const std::string& file,
                 const std::vector<tls::Certificate>& certificates) {
  auto first = std::ranges::min_element(certificates, {}, &tls::Certificate::ends);
  auto now = std::chrono::system_clock::now();
  if (first->ends - now > kSoon) return;
  auto what = file + ": the certificate of '" + first->subject + "' ";
  section.diagnostics().warning(
      section.mark(key), section.path(key),
      what + (first->ends <= now ? "ended on " : "ends on ") + tls::date(first->ends),
      key == "ca" ? "name the new CA" : "renew it; a new file is read at the next connection");
}

bool look_at_certificates(Section& section, const std::string& key, const std::string& file) {
  auto certificates = tls::read_certificates(file);
  if (certificates)
    warn_of_end(section, key, file, *certificates);
  else
    section.error(key, certificates.error().text);
  return certificates.has_value();
}

}  // namespace

bool read_path(Section& section, const std::string& key, bool environment, std::string& into) {
  auto path = section.scalar(key);
  if (!path || !path->known) return false;
  if (path->value.empty()) {
    section.error(key, "an empty path", "leave it out");
    return false;
  }
  std::error_code error;
  into = fs::absolute(fs::path(path->mark.file).parent_path() / path->value, error).lexically_normal().string();
  return environment;
}

bool read_certificates(Section& section, const std::string& key, bool environment, std::string& into) {
  if (!section.has(key)) return false;
  return !read_path(section, key, environment, into) || look_at_certificates(section, key, into);
}

namespace {

// The certificate is there and can be read.
void look_at_key(Section& section, const TlsSettings& tls) {
  if (anybody_may_read(tls.key))
    section.diagnostics().warning(section.mark("key"), section.path("key"), "anybody may read " + tls.key,
                                  "chmod o-r " + tls.key);
  bool has_password = section.has("key_password");
  auto password = section.scalar("key_password");
  if (password && !password->known) return;
  auto encrypted = tls::key_is_encrypted(tls.key);
  if (!encrypted) return section.error("key", encrypted.error().text);
  if (*encrypted && !has_password)
    return section.error("key", tls.key + " is encrypted", "key_password: ${file:/run/secrets/key-password}");
  if (!*encrypted && has_password)
    section.diagnostics().warning(section.mark("key_password"), section.path("key_password"),
                                  "not needed: " + tls.key + " is not encrypted", "leave it out");
  auto secret = tls.key_password.read().value;
  if (auto opened = tls::check_key(tls.key, secret); !opened)
    return section.error(*encrypted ? "key_password" : "key", opened.error().text);
  if (auto pair = tls::check_pair(tls.certificate, tls.key, secret); !pair) section.error("key", pair.error().text);
}

void read_files(Section& section, bool environment, TlsSettings& into) {
  section.secret("key_password", into.key_password);
  read_certificates(section, "ca", environment, into.ca);
  bool certificate = read_path(section, "cert", environment, into.certificate);
  bool key = read_path(section, "key", environment, into.key);
  if (certificate) certificate = look_at_certificates(section, "cert", into.certificate);
  bool has_certificate = section.has("cert"), has_key = section.has("key");
  if (has_certificate && !has_key)
    section.error("cert", "a certificate without its key", "key: client.key; it may be in the same file");
  if (has_key && !has_certificate) section.error("key", "a key without its certificate", "cert: client.pem");
  if (section.has("key_password") && !has_key)
    section.error("key_password", "a password without a key", "key: client.key");
  if (certificate && key) look_at_key(section, into);
}

void read_version(Section& section, TlsSettings& into) {
  auto version = section.scalar("min_version");
  if (!version || !version->known) return;
  if (version->value == "1.0" || version->value == "1.1")
    return section.error("min_version", "TLS " + version->value + " is not safe any more", "1.2 or 1.3");
  section.choice("min_version", into.min_version,
                 {{"1.2", TlsSettings::Version::v1_2}, {"1.3", TlsSettings::Version::v1_3}});
}

void read_name(Section& section, TlsSettings& into) {
  auto name = section.scalar("server_name");
  if (!name || !name->known) return;
  auto fits = [](char c) { return c > ' ' && c < 0x7f && c != '/' && c != '*' && c != '[' && c != ']'; };
  if (name->value.empty() || name->value.size() > 253 || !std::ranges::all_of(name->value, fits))
    return section.error("server_name", in_quotes(name->shown) + " is not the name of a host",
                         "a name or an IP address that the server's certificate has, without a port");
  into.server_name = name->value;
}

void refuse_switches(Section& section) {
  for (auto* key : {"verify", "verify_peer", "verify_hostname", "check_hostname", "insecure", "skip_verify",
                    "insecure_skip_verify", "fail_if_no_peer_cert"})
    section.refuse(key, "there is no switch for verification, which is always on",
                   "name the server's CA with ca:, another name in its certificate with server_name:");
}

}  // namespace

void read_tls(Section& section, bool environment, TlsSettings& into) {
  refuse_switches(section);
  section.elsewhere({"certificate", "cert_file", "certfile", "client_cert"}, "cert: client.pem");
  section.elsewhere({"cacert", "ca_file", "cafile", "cacertfile", "ca_cert"}, "ca: ca.pem");
  section.elsewhere({"key_file", "keyfile", "private_key"}, "key: client.key");
  section.elsewhere({"password", "passphrase"}, "key_password: ${file:/run/secrets/key-password}");
  read_files(section, environment, into);
  read_name(section, into);
  read_version(section, into);
}

}  // namespace mombridge::config
