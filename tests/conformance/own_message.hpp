#pragma once
// Messages that own their bytes, so that what was sent and what arrived can be kept, compared and shown.

#include <cstdint>
#include <deque>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "message/message.hpp"

namespace mombridge::conformance {

struct OwnHeader;

struct OwnValue {
  Value::Kind kind = Value::Kind::null;
  uint8_t scale = 0;
  int64_t integer = 0;
  double real = 0;
  std::string text;
  std::vector<OwnHeader> members;

  static OwnValue string(std::string text);
  static OwnValue bytes(std::string text);
  static OwnValue number(Value::Kind kind, int64_t integer);
  static OwnValue of(Value::Kind kind, std::vector<OwnHeader> members);
  bool operator==(const OwnValue& other) const;
};

struct OwnHeader {
  std::string name;
  OwnValue value;
  bool operator==(const OwnHeader&) const = default;
};

struct OwnMessage {
  std::string body;
  bool tombstone = false;
  std::optional<std::string> key, content_type, content_encoding, correlation_id, reply_to, message_id, type, app_id,
      expiration;
  std::optional<int32_t> reply_partition;
  std::optional<uint8_t> priority, delivery_mode;
  std::optional<uint64_t> timestamp;
  std::optional<int64_t> record_time_ms;
  std::vector<OwnHeader> headers;

  bool operator==(const OwnMessage&) const = default;
};

OwnMessage copy_of(const Message& message);
/// Views over `message`; nested members lie in `storage`.
Message view_of(const OwnMessage& message, std::deque<std::vector<Header>>& storage);
std::span<const Header> view_of(const std::vector<OwnHeader>& headers, std::deque<std::vector<Header>>& storage);

void PrintTo(const OwnMessage& message, std::ostream* out);
void PrintTo(const OwnHeader& header, std::ostream* out);

}  // namespace mombridge::conformance
