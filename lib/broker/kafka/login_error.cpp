#include "broker/kafka/login_error.hpp"

#include <algorithm>
#include <charconv>

#include "base/text.hpp"
#include "tls/verification.hpp"

namespace mombridge::kafka {

namespace {

bool has(std::string_view what, std::string_view words) { return what.find(words) != std::string_view::npos; }

/// What stands behind `mark`; empty: it is not there.
std::string_view behind(std::string_view what, std::string_view mark) {
  auto at = what.find(mark);
  return at == std::string_view::npos ? std::string_view() : what.substr(at + mark.size());
}

/// The peer's or the library's own words, for the end of a sentence.
std::string quoted(std::string_view what) {
  if (auto openssl = behind(what, "SSL routines::"); !openssl.empty()) what = openssl;
  return " (" + printable(what, 200) + ")";
}

LoginError guess(const std::string& words, std::string_view what) {
  return {.words = words + quoted(what), .refused = false, .guess = true};
}

/// RFC 8446, 6: what TLS says before it closes. -1: nothing.
int alert_in(std::string_view what) {
  auto number = behind(what, "SSL alert number ");
  int alert = -1;
  std::from_chars(number.data(), number.data() + number.size(), alert);
  return alert;
}

bool about_certificate(int alert) {
  constexpr int kAlerts[] = {
      41,   // no certificate
      42,   // bad certificate; a Java server says so to a client that has none
      43,   // unsupported certificate
      44,   // revoked
      45,   // expired
      46,   // certificate unknown; a Java server says so of all that it does not trust
      48,   // unknown CA
      49,   // access denied
      116,  // certificate required
  };
  return std::ranges::find(kAlerts, alert) != std::end(kAlerts);
}

std::string certificate_refused(const Login& login, std::string_view what) {
  if (login.certificate.empty())
    return "it wants a client certificate: tls: {cert: client.pem, key: client.key}" + quoted(what);
  return tls::why_not_accepted(login.certificate, "the CA that issued it must be in the broker's truststore") +
         quoted(what);
}

std::string versions(const Login& login) {
  return login.tls_1_3 ? "min_version asks for TLS 1.3: let the broker offer it (ssl.enabled.protocols), or say "
                         "min_version: \"1.2\""
                       : "this bridge speaks TLS 1.2 and 1.3: let the broker offer one of them (ssl.enabled.protocols)";
}

LoginError tls_error(std::string_view what, const Login& login, const std::string& verification) {
  if (has(what, "certificate verify failed") || has(what, "Failed to verify broker certificate"))
    return {verification.empty() ? "its certificate is not accepted" + quoted(what) : verification, true};
  if (auto alert = alert_in(what); alert >= 0) {
    constexpr int kHandshakeFailure = 40, kProtocolVersion = 70;
    if (about_certificate(alert)) return {certificate_refused(login, what), true};
    if (alert == kHandshakeFailure || alert == kProtocolVersion)
      return {"no version of TLS and no cipher suits both: " + versions(login) + quoted(what), true};
    return {"it ends TLS with an alert: its log says why" + quoted(what), true};
  }
  if (has(what, "unsupported protocol") || has(what, "legacy sigalg disallowed") || has(what, "version too low") ||
      has(what, "no protocols available"))
    return {"it answers with a version of TLS that is not safe any more: " + versions(login) + quoted(what), true};
  if (has(what, "wrong version number") || has(what, "packet length too long"))
    return {
        "what it answers is not TLS: a listener without TLS? Then leave tls: out, or use its TLS port" + quoted(what),
        true};
  // Also a broker that stops just now.
  if (has(what, "unexpected eof while reading") || has(what, "PLAINTEXT broker listener"))
    return guess(
        "it closes the connection when TLS begins: a listener without TLS? Then leave tls: out, or use its TLS port",
        what);
  if (has(what, "did not provide a certificate")) return {"it has no certificate" + quoted(what), true};
  if (has(what, "SSL handshake failed")) return {"TLS fails" + quoted(what), true};
  return {};
}

std::string mechanism_refused(std::string_view what, const Login& login) {
  auto offered = behind(what, "supported mechanisms: ");
  if (has(what, "not valid in current SASL state"))
    return "its listener has no login at all: leave sasl: out, or use the port of a listener with SASL" + quoted(what);
  if (!has(what, "Unsupported SASL mechanism") || offered.empty())
    return "the login with " + login.mechanism + " fails" + quoted(what);
  return "it does not offer " + login.mechanism + ", only " + printable(offered, 200) +
         ": sasl: {mechanism: " + printable(offered.substr(0, offered.find(',')), 50) +
         "}, or let the broker's sasl.enabled.mechanisms name it";
}

std::string not_authenticated(std::string_view words, const Login& login) {
  auto who = login.username.empty() ? std::string() : " of '" + printable(login.username, 100) + "'";
  auto text = "it refuses the login" + who + " by " + login.mechanism + quoted(words);
  if (login.mechanism == "OAUTHBEARER") return text + ": is the token still valid, and meant for this cluster?";
  if (login.username.empty()) return text;
  return text + ": is the password right, and does the user exist on the broker?";
}

LoginError sasl_error(std::string_view what, const Login& login) {
  if (has(what, "mechanism handshake failed")) return {mechanism_refused(what, login), true};
  if (has(what, "No worthy mechs found"))
    return {"this machine lacks Kerberos for SASL: apt-get install libsasl2-modules-gssapi-mit" + quoted(what), true};
  if (auto words = behind(what, "SASL authentication error: "); !words.empty())
    return {not_authenticated(words, login), true};
  if (has(what, "Failed to initialize SASL authentication"))
    return {
        "the login by " + login.mechanism + " cannot begin" + quoted(what) +
            (login.mechanism == "GSSAPI"
                 ? ": is there a Kerberos ticket? With keytab:, kinit must be there, too (apt-get install krb5-user)"
                 : ""),
        true};
  if (has(what, "SASL SCRAM authentication failed") || has(what, "SASL authentication failure"))
    return {not_authenticated(what, login), true};
  return {};
}

// What librdkafka guesses about a connection that is closed without a word.
LoginError closed_without_a_word(std::string_view what, const Login& login) {
  if (login.sasl && has(what, "check client"))
    return guess("it closes the connection during the login: its log says why", what);
  if (!login.sasl && has(what, "might require SASL authentication"))
    return guess(
        "it closes the connection as soon as it is used: a listener that wants a login? Then sasl: {mechanism: "
        "SCRAM-SHA-512, username: ..., password: ...}, or use a port without SASL",
        what);
  if (!login.tls && has(what, "connecting to a SSL listener"))
    return guess(
        "it closes the connection at the first question: a listener with TLS? Then tls: {}, or use its plain port",
        what);
  return {};
}

}  // namespace

LoginError explain_login(std::string_view what, const Login& login, const std::string& verification) {
  for (auto error : {login.tls ? tls_error(what, login, verification) : LoginError{},
                     login.sasl ? sasl_error(what, login) : LoginError{}, closed_without_a_word(what, login)})
    if (!error.words.empty()) return error;
  return {};
}

// librdkafka 2.0.2: "SASL OAUTHBEARER mechanism handshake failed: Local: Broker transport failure: … in state DOWN)",
// or a step later "SaslAuthenticateRequest failed: Local: Broker transport failure (after 0ms in state DOWN)".
bool login_was_overtaken(std::string_view text) {
  bool login = has(text, "mechanism handshake failed: Local: Broker transport failure") ||
               has(text, "SaslAuthenticateRequest failed: Local: Broker transport failure");
  return login && has(text, "in state DOWN)");
}

// "sasl_plaintext://k1:9092/1: Disconnected (after 1921ms in state UP, 1 identical error(s) suppressed)"
bool ended_without_a_reason(std::string_view text) {
  return has(text, ": Disconnected (after ") && has(text, "in state UP");
}

}  // namespace mombridge::kafka
