#include "broker/amqp/tls_faults.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "tls/pem.hpp"
#include "tls/verification.hpp"

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

}  // namespace

void TlsFaults::verification_failed(X509_STORE_CTX* store) {
  if (!verification_.empty()) return;
  int error = X509_STORE_CTX_get_error(store);
  auto* certificate = X509_STORE_CTX_get_current_cert(store);
  if (!certificate) return void(verification_ = X509_verify_cert_error_string(error));
  verification_ = tls::why_not_trusted(error, tls::described(*certificate), name_, settings_.ca);
  if (error == X509_V_ERR_HOSTNAME_MISMATCH || error == X509_V_ERR_IP_ADDRESS_MISMATCH)
    verification_ += ", or say with tls: server_name: which of its names is meant";
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
  return tls::why_not_accepted(settings_.certificate, number == SSL_AD_UNKNOWN_CA
                                                          ? "the CA that issued it must be in the broker's cacertfile"
                                                          : "its log says why");
}

std::string TlsFaults::about_versions() const {
  return settings_.min_version == config::TlsSettings::Version::v1_3
             ? "min_version asks for TLS 1.3: let the broker offer it, or say min_version: \"1.2\""
             : "this bridge speaks TLS 1.2 and 1.3: let the broker offer one of them";
}

}  // namespace mombridge::amqp
