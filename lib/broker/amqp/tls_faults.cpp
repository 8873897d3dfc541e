#include "broker/amqp/tls_faults.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "tls/certificates.hpp"
#include "tls/pem.hpp"

namespace mombridge::amqp {

namespace {

// Source: RFC 8446, 6.2, and RFC 5246, 7.2.2. OpenSSL's own texts leave some of them out.
const char* alert_name(int number) {
  switch (number) {
    case SSL_AD_HANDSHAKE_FAILURE:
      return "handshake failure";
    case SSL_AD_BAD_CERTIFICATE:
      return "bad certificate";
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
      return "unsupported certificate";
    case SSL_AD_CERTIFICATE_REVOKED:
      return "certificate revoked";
    case SSL_AD_CERTIFICATE_EXPIRED:
      return "certificate expired";
    case SSL_AD_CERTIFICATE_UNKNOWN:
      return "certificate unknown";
    case SSL_AD_UNKNOWN_CA:
      return "unknown ca";
    case SSL_AD_ACCESS_DENIED:
      return "access denied";
    case SSL_AD_PROTOCOL_VERSION:
      return "protocol version";
    case SSL_AD_CERTIFICATE_REQUIRED:
      return "certificate required";
    default:
      return SSL_alert_desc_string_long(number);
  }
}

bool about_certificates(int number) {
  switch (number) {
    case SSL_AD_HANDSHAKE_FAILURE:  // with TLS 1.2, also for a client without a certificate
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNKNOWN_CA:
    case SSL_AD_ACCESS_DENIED:
    case SSL_AD_CERTIFICATE_REQUIRED:
      return true;
    default:
      return false;
  }
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (size_t i = 0; i < names.size() && i < 8; ++i) text += (i ? ", " : "") + names[i];
  return names.size() > 8 ? text + ", …" : text;
}

// "the broker's certificate (CN=rabbit)".
std::string called(const X509* certificate, int depth) {
  auto subject = certificate ? tls::described(*certificate).subject : "?";
  return (depth == 0 ? "the broker's certificate (" : "a CA certificate of the broker's chain (") + subject + ")";
}

}  // namespace

void TlsFaults::verification_failed(X509_STORE_CTX* store) {
  if (!verification_.empty()) return;
  int error = X509_STORE_CTX_get_error(store), depth = X509_STORE_CTX_get_error_depth(store);
  auto* certificate = X509_STORE_CTX_get_current_cert(store);
  auto which = called(certificate, depth);
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      verification_ = which + " ended on " + tls::date(tls::described(*certificate).ends) +
                      ": renew it on the broker (or is this machine's clock wrong?)";
      return;
    case X509_V_ERR_CERT_NOT_YET_VALID:
      verification_ = which + " is not valid before " + tls::date(tls::described(*certificate).begins) +
                      ": is this machine's clock right?";
      return;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
      verification_ = which + not_trusted(certificate);
      return;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      verification_ = which + other_name(certificate);
      return;
    case X509_V_ERR_INVALID_PURPOSE:
      verification_ = which + " is not for servers: its extendedKeyUsage must have serverAuth";
      return;
    default:
      verification_ = which + " is not accepted: " + X509_verify_cert_error_string(error);
  }
}

std::string TlsFaults::not_trusted(const X509* certificate) const {
  auto issuer = certificate ? tls::described(*certificate).issuer : "?";
  return " is issued by " + issuer + ", which is not " +
         (settings_.ca.empty() ? "among the system's CAs: name its CA with tls: ca:"
                               : "in " + settings_.ca + ": ca: must name the CA that issued it");
}

std::string TlsFaults::other_name(const X509* certificate) const {
  auto described = tls::described(*certificate);
  auto names = described.names.empty() ? "no subjectAltName" : joined(described.names);
  return " is not for '" + name_ + "', it has " + names +
         ": connect by one of its names, or say which one it is with tls: server_name:";
}

std::string TlsFaults::explain() const {
  auto code = ERR_peek_error();  // the first; what follows says where it led to
  auto* reason_text = ERR_reason_error_string(code);
  std::string words = reason_text ? reason_text : "error " + std::to_string(code);
  ERR_clear_error();
  if (!verification_.empty()) return verification_;
  if (ERR_GET_LIB(code) != ERR_LIB_SSL) return "TLS failed: " + words;
  int reason = ERR_GET_REASON(code);
  if (reason >= SSL_AD_REASON_OFFSET) return alert(reason - SSL_AD_REASON_OFFSET);
  if (reason == SSL_R_UNSUPPORTED_PROTOCOL || reason == SSL_R_WRONG_SSL_VERSION || reason == SSL_R_VERSION_TOO_LOW)
    return "the broker answered with another version of TLS (" + words + "): " + about_versions();
  return "TLS failed: " + words;
}

std::string TlsFaults::alert(int number) const {
  auto text = "the broker refused with the TLS alert \"" + std::string(alert_name(number)) + "\"";
  if (number == SSL_AD_PROTOCOL_VERSION) return text + ": " + about_versions();
  if (number == SSL_AD_UNRECOGNIZED_NAME) return text + ": it does not serve the name '" + name_ + "'";
  if (about_certificates(number)) return text + ": " + about_our_certificate(number);
  return text + ": its log says why";
}

std::string TlsFaults::about_our_certificate(int number) const {
  if (settings_.certificate.empty())
    return number == SSL_AD_HANDSHAKE_FAILURE
               ? "does it want a client certificate (tls: cert: and key:), or are there no ciphers in common?"
               : "it wants a client certificate: tls: cert: and key:";
  auto& file = settings_.certificate;
  auto chain = tls::read_certificates(file);
  if (!chain) return "it does not accept " + file;
  auto& own = chain->front();
  auto which = file + " (" + own.subject + ", issued by " + own.issuer + ")";
  auto now = std::chrono::system_clock::now();
  if (own.ends <= now)
    return which + " ended on " + tls::date(own.ends) + ": renew it; a new file is read at the next connection";
  if (own.begins > now) return which + " is not valid before " + tls::date(own.begins);
  if (number == SSL_AD_UNKNOWN_CA)
    return "it does not know who issued " + which + ": that CA must be in the broker's cacertfile";
  return "it does not accept " + which + ": its log says why";
}

std::string TlsFaults::about_versions() const {
  return settings_.min_version == config::TlsSettings::Version::v1_3
             ? "min_version asks for TLS 1.3: let the broker offer it, or say min_version: \"1.2\""
             : "this bridge speaks TLS 1.2 and 1.3: let the broker offer one of them";
}

}  // namespace mombridge::amqp
