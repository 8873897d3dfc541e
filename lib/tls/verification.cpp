#include "tls/verification.hpp"

#include <chrono>

#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include "tls/pem.hpp"

namespace mombridge::tls {

namespace {

std::string listed(const std::vector<std::string>& names) {
  constexpr size_t kShown = 10;
  std::string text;
  for (size_t i = 0; i < names.size() && i < kShown; ++i) text += (i ? ", " : "") + names[i];
  if (names.size() > kShown) text += " and " + std::to_string(names.size() - kShown) + " more";
  return text;
}

std::string of_another_name(const Certificate& certificate, const std::string& wanted) {
  if (certificate.names.empty())
    return "its certificate (" + certificate.subject + ") has no names at all, so not " + wanted +
           ": a certificate needs a subjectAltName";
  return "its certificate is for " + listed(certificate.names) + " and not for " + wanted +
         ": connect by a name that it has, or give the server a certificate for " + wanted;
}

std::string of_an_unknown_issuer(int code, const Certificate& certificate, const std::string& ca) {
  auto who = "its certificate (" + certificate.subject + ") was issued by " + certificate.issuer;
  if (code == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT)
    who = "its certificate is signed by itself (" + certificate.issuer + ")";
  else if (code == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN)  // the server sends its CA along, and this is that
    who = "its certificate was issued by " + certificate.issuer;
  if (ca.empty()) return who + ", which is not among the CAs of this system: name its CA with tls: {ca: ca.pem}";
  return who + ", which is not in " + ca + ": put its CA there";
}

}  // namespace

Result<Certificate> from_der(std::string_view der) {
  auto* at = reinterpret_cast<const unsigned char*>(der.data());
  CertificateHandle certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (!certificate) return fail("not a certificate (" + openssl_reason() + ")");
  return described(*certificate);
}

std::string why_not_trusted(int code, const Certificate& certificate, const std::string& wanted,
                            const std::string& ca) {
  switch (code) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "its certificate (" + certificate.subject + ") ended on " + date(certificate.ends) +
             ": renew it there (or is this machine's clock wrong?)";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "its certificate (" + certificate.subject + ") is not valid before " + date(certificate.begins) +
             ": is this machine's clock right?";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return of_another_name(certificate, wanted);
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_UNTRUSTED:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
      return of_an_unknown_issuer(code, certificate, ca);
    case X509_V_ERR_INVALID_PURPOSE:
      return "its certificate (" + certificate.subject +
             ") is not for servers: its extendedKeyUsage must have serverAuth";
    default:
      return "its certificate (" + certificate.subject + ", issued by " + certificate.issuer +
             ") is not accepted: " + X509_verify_cert_error_string(code);
  }
}

std::string why_not_accepted(const std::string& file, const std::string& otherwise) {
  auto chain = read_certificates(file);
  if (!chain) return "it does not accept the client certificate, and " + chain.error().text;
  auto& own = chain->front();
  auto which = "it does not accept " + file + " (" + own.subject + ", issued by " + own.issuer + ")";
  auto now = std::chrono::system_clock::now();
  if (own.ends <= now)
    return which + ", which ended on " + date(own.ends) + ": renew it; a new file is used by the next connection";
  if (own.begins > now) return which + ", which is not valid before " + date(own.begins);
  return which + ": " + otherwise;
}

}  // namespace mombridge::tls
