#pragma once
// What a dead letter says of itself, and the message that it was: the way back from DeadLetter.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "message/message.hpp"

namespace mombridge::routing {

/// Views the message that it was read from. Anybody who can write to the dead letter can have written it.
struct LetterNotes {
  std::string_view broker, source, target;  ///< empty: it does not say where it came from
  std::string_view route, reason;           ///< empty: none, or left out
  std::string_view expiration, left_out;
  std::optional<int64_t> attempts;
  std::optional<int64_t> at_ms;              ///< when it died, in milliseconds since the Unix epoch
  std::optional<int64_t> partition, offset;  ///< of a record
  std::optional<int64_t> headers_left_out;   ///< the message had so many, which the dead letter lacks

  /// Of what is stored at a dead letter.
  static LetterNotes of(const Message& stored);
};

/// The message as it was before it died. Views the stored one, and is valid as long as that and this.
class RestoredMessage {
 public:
  /// `added`: names of the headers that the configuration adds to its dead letters. A record's time is not restored, as
  /// a topic's retention counts from it: the record would be deleted at once. Nor is mombridge-hops: the message begins
  /// anew.
  RestoredMessage(const Message& stored, const LetterNotes& notes, const std::vector<std::string>& added);
  RestoredMessage(const RestoredMessage&) = delete;
  RestoredMessage& operator=(const RestoredMessage&) = delete;

  [[nodiscard]] const Message& message() const { return message_; }

 private:
  Message message_;
  std::vector<Header> headers_;
};

}  // namespace mombridge::routing
