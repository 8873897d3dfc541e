#pragma once
// Properties through the encoder and the decoder, with memory for all that is viewed.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "broker/amqp/properties.hpp"
#include "broker/amqp/property_flags.hpp"

namespace mombridge::amqp::test {

struct Silent final : Publication {
  explicit Silent(const Message& m) {
    message = &m;
    key = m.key;
  }
  void completed(Outcome) noexcept override {}
};

inline std::string encoded(const Publication& publication, std::string_view author = {}) {
  Buffer out;
  Writer writer(out);
  auto ok = encode_properties(writer, publication, author);
  EXPECT_TRUE(ok) << (ok ? "" : ok.error().text);
  return out.str();
}

/// The message's views are into this.
struct Decoded {
  explicit Decoded(std::string properties) : bytes(std::move(properties)) {
    ok = decode_properties(bytes, message, storage, dropped);
  }
  [[nodiscard]] const Value* find(std::string_view name) const { return message.find(name); }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (auto& h : message.headers) all.emplace_back(h.name);
    return all;
  }
  std::string bytes;
  Message message;
  DecodedHeaders storage;
  unsigned dropped = 0;
  bool ok;
};

inline Decoded passed_on(const Message& m) { return Decoded(encoded(Silent(m))); }

/// Properties with nothing but headers, as somebody else's client would write them.
inline std::string with_headers(std::string_view table) {
  Buffer out;
  Writer w(out);
  w.number(kHeaders);
  w.long_string(table);
  return out.str();
}

inline std::string table_of(const std::vector<Header>& headers) {
  Buffer out;
  Writer w(out);
  for (auto& h : headers) w.short_string(h.name), encode_value(w, h.value);
  return out.str();
}

}  // namespace mombridge::amqp::test
