#include "broker/kafka/tls_files.hpp"

#include <functional>
#include <string>
#include <utility>

#include "base/file.hpp"

namespace mombridge::kafka {

namespace {

constexpr size_t kLargest = 16 << 20;

/// A hash, because a key must not lie about in memory.
size_t content_of(const config::TlsSettings& tls) {
  size_t all = 0;
  auto add = [&all](const std::string& text) { all = all * 31 + std::hash<std::string>()(text); };
  for (auto* path : {&tls.ca, &tls.certificate, &tls.key}) {
    if (path->empty()) continue;
    auto content = read_file(*path, kLargest);
    add(content ? *content : content.error().text);
  }
  add(tls.key_password.read().value.reveal());
  return all;
}

}  // namespace

TlsFiles::TlsFiles(std::optional<config::TlsSettings> tls) : tls_(std::move(tls)) {
  if (tls_) content_ = content_of(*tls_);
}

bool TlsFiles::changed() const { return tls_ && content_of(*tls_) != content_; }

}  // namespace mombridge::kafka
