#pragma once
// Certificates and keys in PEM files, as people need to know of them. Errors are one line and begin with the file.

#include <chrono>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"

struct x509_st;  // OpenSSL's X509

namespace mombridge::tls {

using WallTime = std::chrono::system_clock::time_point;

struct Certificate {
  std::string subject, issuer;     ///< "CN=rabbit.local, O=Shop"
  std::vector<std::string> names;  ///< "DNS:rabbit.local", "IP:10.0.0.1": those that a client may connect to
  WallTime begins, ends;
};

Certificate described(const x509_st& certificate);

/// All that the file holds, at least one, in its order. [any thread]
Result<std::vector<Certificate>> read_certificates(const std::string& file);

/// Whether the private key in the file needs a password. [any thread]
Result<bool> key_is_encrypted(const std::string& file);
/// The file's private key can be read, with this password where it is encrypted. [any thread]
Result<> check_key(const std::string& file, const Secret& password);
/// The key belongs to the first certificate of the other file. [any thread]
Result<> check_pair(const std::string& certificate_file, const std::string& key_file, const Secret& password);

/// "2026-12-24 10:00 UTC".
std::string date(WallTime time);

}  // namespace mombridge::tls
