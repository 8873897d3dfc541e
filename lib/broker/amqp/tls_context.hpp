#pragma once
// What a client's end of TLS is made with.

#include <string>

#include <openssl/ssl.h>

#include "base/result.hpp"
#include "config/tls.hpp"
#include "tls/pem.hpp"

namespace mombridge::amqp {

using TlsContext = tls::Handle<SSL_CTX, SSL_CTX_free>;

/// Reads the files that the settings name, as they are now: a certificate that was replaced is used by the next
/// connection. The peer's certificate is always verified. The error names the file.
Result<TlsContext> make_tls_context(const config::TlsSettings& settings);

}  // namespace mombridge::amqp
