#pragma once
// `tls:` of a broker's section.

#include <cstdint>
#include <string>

#include "config/live_secret.hpp"

namespace mombridge::config {

class Section;  // yaml_reader.hpp

/// Files are named, not kept: whoever connects reads them anew, so that a certificate can be replaced at any time.
struct TlsSettings {
  enum class Version : uint8_t { v1_2, v1_3 };

  std::string ca;           ///< absolute path; empty: the system's CAs
  std::string certificate;  ///< absolute path; empty: the client shows none
  std::string key;          ///< absolute path; with `certificate`
  LiveSecret key_password;
  std::string server_name;  ///< the name or IP address that the server's certificate must have; empty: the host's
  Version min_version = Version::v1_2;
};

/// Reads a key that names a file, as an absolute path: a relative one begins at the folder of the file that names it.
/// Returns true if the file can be looked at now, as LoadOptions::environment says.
bool read_path(Section& section, const std::string& key, bool environment, std::string& into);

/// The same for a PEM file of certificates, which is looked at: that it holds some, and for how long they hold. Returns
/// true if it does, or if it cannot be looked at now.
bool read_certificates(Section& section, const std::string& key, bool environment, std::string& into);

/// Reads the map under `tls:`. With `environment` (LoadOptions), the files are looked at, too: that they are there, fit
/// together, and for how long the certificates hold. A relative path begins at the folder of the file that names it.
void read_tls(Section& section, bool environment, TlsSettings& into);

}  // namespace mombridge::config
