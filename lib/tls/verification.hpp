#pragma once
// Why the certificate of a server is not accepted, in words that say what to mend.

#include <string>
#include <string_view>

#include "tls/certificates.hpp"

namespace mombridge::tls {

/// The certificate from its DER form. Fails where it is none. [any thread]
Result<Certificate> from_der(std::string_view der);

/// One sentence without the server's address. `code`: what OpenSSL found (X509_V_ERR_...) wrong with `certificate`, of
/// the server or above it. `wanted`: the name or address that was connected to. `ca`: the file with the CAs that are
/// trusted; empty: the system's. [any thread]
std::string why_not_trusted(int code, const Certificate& certificate, const std::string& wanted, const std::string& ca);

/// A server does not accept the client's certificate, which is in `file`: what this side can see of why, and where it
/// sees nothing, `otherwise` at the end. [any thread]
std::string why_not_accepted(const std::string& file, const std::string& otherwise);

}  // namespace mombridge::tls
