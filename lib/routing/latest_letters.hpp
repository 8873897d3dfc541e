#pragma once
// The dead letters that this process has written last: what is cheaply known without asking a broker.

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace mombridge::routing {

/// One dead letter. No body and no header of its message.
struct LatestLetter {
  int64_t unix_ms = 0;         ///< when its broker had confirmed it
  std::string route;           ///< its name; empty: no route took the message
  std::string broker, source;  ///< where the message came from
  std::string target;          ///< the message's, as it came: to be made printable
  int32_t partition = -1;      ///< where it was read, of a source that is a log; else -1
  int64_t offset = -1;         ///< in that partition
  std::string_view code;       ///< for programs, a literal
  std::string reason;          ///< for people, as it came: to be made printable
  unsigned attempts = 0;       ///< that failed
};

/// Keeps the last few. [any thread] All of it.
class LatestLetters {
 public:
  static constexpr size_t kKept = 20;
  /// Bytes of a text: a broker's words and a target may be long.
  static constexpr size_t kLongestText = 1024;

  /// Texts that are longer are cut.
  void add(LatestLetter letter);
  /// The latest first.
  [[nodiscard]] std::vector<LatestLetter> read() const;

 private:
  mutable std::mutex mutex_;
  std::vector<LatestLetter> letters_;
  size_t next_ = 0;  ///< the slot of the next one
};

/// Those of the process.
LatestLetters& latest_letters();

}  // namespace mombridge::routing
