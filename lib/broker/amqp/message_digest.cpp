#include "broker/amqp/message_digest.hpp"

#include <array>
#include <bit>
#include <memory>

#include <openssl/evp.h>

#include "base/text.hpp"

namespace mombridge::amqp {

namespace {

constexpr size_t kBytes = 6;

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};

/// Every part has its length in front, so that no two messages run together to the same bytes.
class Digest {
 public:
  Digest() : context_(EVP_MD_CTX_new()) { EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr); }

  void add(uint64_t number) {
    std::array<unsigned char, 8> bytes{};
    for (auto& byte : bytes) byte = static_cast<unsigned char>(number), number >>= 8;
    EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
  }
  void add(std::string_view text) {
    add(text.size());
    EVP_DigestUpdate(context_.get(), text.data(), text.size());
  }
  void add(const Message::Text& text) {
    add(uint64_t{text.has_value()});
    if (text) add(*text);
  }
  template <class Number>
  requires std::is_integral_v<Number>
  void add(const std::optional<Number>& number) {
    add(uint64_t{number.has_value()});
    add(static_cast<uint64_t>(number.value_or(0)));
  }
  void add(std::span<const Header> headers) {
    add(headers.size());
    for (auto& h : headers) {
      add(h.name);
      add(static_cast<uint64_t>(h.value.kind) << 8 | h.value.scale);
      add(static_cast<uint64_t>(h.value.integer));
      add(std::bit_cast<uint64_t>(h.value.real));
      add(h.value.text);
      add(h.value.members);
    }
  }

  std::string text() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
    EVP_DigestFinal_ex(context_.get(), bytes.data(), nullptr);
    return hex({reinterpret_cast<const char*>(bytes.data()), kBytes});
  }

 private:
  std::unique_ptr<EVP_MD_CTX, FreeContext> context_;
};

}  // namespace

std::string message_digest(const Message& m) {
  Digest digest;
  digest.add(m.body);
  for (auto* text : {&m.key, &m.content_type, &m.content_encoding, &m.correlation_id, &m.reply_to, &m.message_id,
                     &m.type, &m.app_id, &m.expiration})
    digest.add(*text);
  digest.add(m.reply_partition);
  digest.add(m.priority);
  digest.add(m.timestamp);
  digest.add(m.record_time_ms);
  digest.add(m.headers);
  digest.add(m.local);
  return digest.text();
}

}  // namespace mombridge::amqp
