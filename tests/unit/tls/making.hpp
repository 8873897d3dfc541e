#pragma once
// A certificate authority for tests, and what it issues.

#include <chrono>
#include <filesystem>
#include <string>
#include <utility>

#include "tls/pem.hpp"

namespace mombridge::tls::test {

/// What a certificate says.
struct Recipe {
  std::string name = "localhost";                    ///< its subject's CN
  std::string names = "DNS:localhost,IP:127.0.0.1";  ///< as OpenSSL's subjectAltName; empty: none
  std::chrono::seconds begins = std::chrono::hours(-1), ends = std::chrono::hours(24 * 365);  ///< from now
  bool authority = false;
};

/// A certificate and its key, in PEM.
struct Issued {
  std::string certificate, key;
};

class Authority {
 public:
  explicit Authority(const std::string& name = "Test CA", std::chrono::seconds ends = std::chrono::hours(24 * 365));
  /// One that another has issued.
  explicit Authority(Issued own) : own_(std::move(own)) {}
  [[nodiscard]] Issued issue(const Recipe& recipe = {}) const;
  /// Its own certificate, in PEM.
  [[nodiscard]] const std::string& pem() const { return own_.certificate; }

 private:
  Issued own_;
};

/// The key with a password.
std::string encrypted(const std::string& key, const std::string& password);

/// A folder that goes with the test.
class Folder {
 public:
  Folder();
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  /// Returns the path of the file.
  std::string write(const std::string& name, const std::string& content) const;  // NOLINT(modernize-use-nodiscard)

 private:
  std::filesystem::path path_;
};

}  // namespace mombridge::tls::test
