#include "config/secret_files.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <system_error>

namespace mombridge::config {

namespace fs = std::filesystem;

namespace {

/// The keys of the contract and of librdkafka whose values are secrets.
constexpr std::array<std::string_view, 11> kSecrets{
    "password",
    "secret",
    "token",
    "key_password",
    "client_secret",
    "sasl.password",
    "ssl.key.password",
    "ssl.key.pem",
    "ssl.keystore.password",
    "sasl.oauthbearer.client.secret",
    "sasl.oauthbearer.config",
};

/// RabbitMQ's default password, which stands in every manual and works only from the broker's own machine.
constexpr std::string_view kNoSecret = "guest";

// `scheme://user:password@host`, with a password that is written out.
bool password_in_url(std::string_view text) {
  auto begin = text.find("://");
  if (begin == std::string_view::npos) return false;
  auto info = text.substr(begin + 3);
  info = info.substr(0, std::min(info.find('/'), info.size()));
  auto at = info.rfind('@');
  auto colon = info.find(':');
  if (at == std::string_view::npos || colon > at) return false;
  auto password = info.substr(colon + 1, at - colon - 1);
  return !password.empty() && password != kNoSecret;
}

/// The first secret that is written out; nullptr: none.
const Node::Entry* find_secret(const Node& node) {
  for (auto& item : node.items)
    if (auto* found = find_secret(item)) return found;
  for (auto& entry : node.entries) {
    auto& value = entry.value;
    bool literal = value.kind == Node::Kind::scalar && value.written.empty() && !value.text.empty();
    bool named = names_secret(entry.key) && value.text != kNoSecret;
    if (literal && (named || password_in_url(value.text))) return &entry;
    if (auto* found = find_secret(value)) return found;
  }
  return nullptr;
}

}  // namespace

bool names_secret(std::string_view key) { return std::ranges::find(kSecrets, key) != kSecrets.end(); }

bool anybody_may_read(const fs::path& path) {
  std::error_code error;
  auto at = fs::canonical(path, error);
  if (error || (fs::status(at, error).permissions() & fs::perms::others_read) == fs::perms::none) return false;
  for (at = at.parent_path(); !error; at = at.parent_path()) {
    if ((fs::status(at, error).permissions() & fs::perms::others_exec) == fs::perms::none) return false;
    if (at == at.root_path()) break;
  }
  return !error;
}

void warn_of_open_secrets(const std::string& file, const Node& root, Diagnostics& diagnostics) {
  auto* secret = find_secret(root);
  if (secret && anybody_may_read(file))
    diagnostics.warning(secret->mark, "", "'" + secret->key + "' is written out in a file that anybody may read",
                        "chmod o-r " + file + ", or ${file:...} in its place");
}

}  // namespace mombridge::config
