#pragma once
// Where callers leave their publications for the loop, most of them as frames.

#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "broker/amqp/confirm_window.hpp"
#include "broker/amqp/exchange_cache.hpp"
#include "broker/amqp/publish_frames.hpp"
#include "message/publication.hpp"

namespace mombridge::amqp {

/// Callers encode as long as nothing waits before them, which keeps the order of each. The loop writes what they have
/// encoded as it is: it would find the message again only after it has left their processor's cache.
class PublisherIntake {
 public:
  enum class Put {
    first,    ///< it is the first since the loop has taken everything: wake the loop
    behind,   ///< others are there already
    stopped,  ///< it was not taken
  };
  /// What callers have left.
  struct Batch {
    OutFrames frames;                         ///< of `written`, whose bodies they may refer to
    std::vector<WrittenPublication> written;  ///< in the order of their frames
    std::vector<Publication*> waiting;        ///< behind them, and not encoded
    [[nodiscard]] bool empty() const { return written.empty() && waiting.empty(); }
    void clear();
  };
  /// So much more may be under way.
  struct Room {
    size_t count = 0, bytes = 0;
  };

  /// Frames are encoded for this channel.
  explicit PublisherIntake(uint16_t channel) : channel_(channel) {}

  /// [any thread]
  [[nodiscard]] Put put(Publication& publication) noexcept;
  /// [any thread] From now on nothing is taken.
  void stop();

  /// [loop] All that was put since the last call; the caller clears it before the next. `encode` false: from now on
  /// callers do not encode.
  [[nodiscard]] Batch& take(bool encode);
  /// [loop] Callers may encode (`encode`) while nothing waits here, and as much as there is room for. Returns whether
  /// something was put since take().
  [[nodiscard]] bool let_in(bool encode, Room room);
  /// [loop] Only while callers do not encode.
  void set_limits(const PublishLimits& limits);
  /// [loop] Only publications to exchanges that exist are encoded by callers.
  void exchange_exists(std::string_view exchange);
  void forget_exchanges();

 private:
  bool encode(Publication& publication);

  const uint16_t channel_;
  Batch taken_;  ///< the loop's

  std::mutex mutex_;  ///< guards what follows
  Batch batch_;
  bool encode_ = false, stopped_ = false;
  Room room_;
  PublishLimits limits_;
  std::unordered_set<std::string, TextHash, std::equal_to<>> exchanges_;
};

}  // namespace mombridge::amqp
