#pragma once
// The keys that return paths are sealed with: HMAC-SHA-256, cut to 128 bits.

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"

struct evp_mac_ctx_st;  // OpenSSL stays behind this folder

namespace mombridge::reply {

using config::ReplyKey;

using Mac = std::array<char, 16>;

/// The keys of one bridge, made ready. Immutable; everything may be called from any thread.
class KeyRing {
 public:
  /// The first key signs, all verify; there is at least one. Ids and secrets must be alike on all replicas. `bridge` is
  /// mixed into every key, so that two bridges with names of their own never open each other's seals, even with the
  /// same secrets.
  KeyRing(const std::vector<ReplyKey>& keys, std::string_view bridge);

  /// One key with a random secret, which dies with the process.
  static std::vector<ReplyKey> random();

  /// What stands in a seal for the signing key.
  [[nodiscard]] uint16_t signing_tag() const { return keys_.front().tag; }
  [[nodiscard]] Mac sign(std::string_view bytes) const { return mac(keys_.front(), bytes); }

  enum class Verdict : uint8_t { authentic, unknown_key, forged };
  /// Compares in constant time.
  [[nodiscard]] Verdict verify(uint16_t tag, std::string_view bytes, std::string_view mac) const;

 private:
  struct FreeMac {
    void operator()(evp_mac_ctx_st* context) const noexcept;
  };
  struct Key {
    uint16_t tag = 0;
    std::unique_ptr<evp_mac_ctx_st, FreeMac> ready;  ///< keyed, to be copied: the key's own two blocks are hashed once
  };
  static Key make(const ReplyKey& key, std::string_view bridge);
  static Mac mac(const Key& key, std::string_view bytes);

  std::vector<Key> keys_;
};

}  // namespace mombridge::reply
