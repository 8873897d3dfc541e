#pragma once
// PEM files as OpenSSL's objects, for those who use OpenSSL themselves; others take certificates.hpp.

#include <memory>
#include <string>
#include <vector>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/result.hpp"
#include "base/secret.hpp"

namespace mombridge::tls {

/// Owns an object of OpenSSL's: `Handle<X509, X509_free>`.
template <class T, auto Free>
struct FreeWith {
  void operator()(T* object) const noexcept { Free(object); }
};
template <class T, auto Free>
using Handle = std::unique_ptr<T, FreeWith<T, Free>>;

using CertificateHandle = Handle<X509, X509_free>;
using KeyHandle = Handle<EVP_PKEY, EVP_PKEY_free>;

/// All certificates that the file holds, at least one, in its order. [any thread]
Result<std::vector<CertificateHandle>> certificates_in(const std::string& file);

struct KeyError {
  std::string text;        ///< one line, which begins with the file
  bool encrypted = false;  ///< the key needs a password, and the one given is not it
};
/// The first private key in the file. [any thread]
tl::expected<KeyHandle, KeyError> key_in(const std::string& file, const Secret& password);

/// The key is the certificate's.
bool fit(const X509& certificate, const EVP_PKEY& key);

/// What OpenSSL says about the last call that failed on this thread, and forgets: "wrong version number"; empty where
/// it says nothing.
std::string openssl_reason();

}  // namespace mombridge::tls
