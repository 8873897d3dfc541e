#include "broker/amqp/tls_context.hpp"

#include "base/log.hpp"
#include "tls/certificates.hpp"

namespace mombridge::amqp {

namespace {

Result<> trust(SSL_CTX* context, const config::TlsSettings& settings) {
  if (settings.ca.empty()) {
    if (SSL_CTX_set_default_verify_paths(context) == 1) return {};
    return fail("the system's CAs cannot be read: " + tls::openssl_reason());
  }
  auto certificates = tls::certificates_in(settings.ca);
  if (!certificates) return fail(certificates.error());
  auto* store = SSL_CTX_get_cert_store(context);
  for (auto& certificate : *certificates) X509_STORE_add_cert(store, certificate.get());
  // What the file names is trusted, also where it is not the root but the CA below it.
  X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
  return {};
}

Result<> identify(SSL_CTX* context, const config::TlsSettings& settings) {
  if (settings.certificate.empty()) return {};
  auto chain = tls::certificates_in(settings.certificate);
  if (!chain) return fail(chain.error());
  auto password = settings.key_password.read();
  if (!password.warning.empty()) log::warn("key_password", {{"key", settings.key}, {"reason", password.warning}});
  auto key = tls::key_in(settings.key, password.value);
  if (!key) return fail(key.error().text);
  if (!tls::fit(*chain->front(), **key))
    return fail(settings.key + " is not the key of the certificate in " + settings.certificate + " (" +
                tls::described(*chain->front()).subject + ")");
  bool used =
      SSL_CTX_use_certificate(context, chain->front().get()) == 1 && SSL_CTX_use_PrivateKey(context, key->get()) == 1;
  for (size_t i = 1; used && i < chain->size(); ++i) used = SSL_CTX_add1_chain_cert(context, (*chain)[i].get()) == 1;
  if (!used) return fail(settings.certificate + " cannot be used: " + tls::openssl_reason());
  return {};
}

}  // namespace

Result<TlsContext> make_tls_context(const config::TlsSettings& settings) {
  TlsContext context(SSL_CTX_new(TLS_client_method()));
  if (!context) return fail("OpenSSL: " + tls::openssl_reason());
  bool newest = settings.min_version == config::TlsSettings::Version::v1_3;
  SSL_CTX_set_min_proto_version(context.get(), newest ? TLS1_3_VERSION : TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  if (auto trusted = trust(context.get(), settings); !trusted) return fail(trusted.error());
  if (auto identified = identify(context.get(), settings); !identified) return fail(identified.error());
  return context;
}

}  // namespace mombridge::amqp
