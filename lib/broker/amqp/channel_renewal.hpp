#pragma once
// When a publish channel that is nacked is worth exchanging for a new one.

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.hpp"

namespace mombridge::amqp {

/// Keeps what is nacked on the present channel, and how far the exchange of the channel has come. Not thread-safe.
///
/// A full queue nacks for as long as it is full, and a new channel does not help. But a channel that first publishes to
/// a quorum queue while the queue's leader is away goes on nacking until that very node is back, because it keeps
/// asking the node that it knew first (RabbitMQ 3.10, rabbit_fifo_client). A new channel asks the new leader. A client
/// cannot tell the two cases apart. So the channel is exchanged after `first` of nothing but nacks, and then at growing
/// intervals.
///
/// Nothing new is published until all is confirmed or nacked, so that the exchange makes no duplicates. Where the
/// queue's leader hangs or its host is down, the broker takes 7 s for each nack (net_setuptime), and as long for the
/// close of the channel behind them. Then the connection is given up, and what was unconfirmed is published again.
class ChannelRenewal {
 public:
  ChannelRenewal(Duration first, Duration longest) : first_(first), longest_(std::max(first, longest)) {}

  /// Returns true if nothing is nacked, so that acked() need not be called.
  [[nodiscard]] bool idle() const { return nacked_.empty(); }
  /// The exchange and routing key of what was nacked. Returns true if the channel is to be exchanged from now on.
  bool nacked(std::string_view exchange, std::string_view key, TimePoint now);
  void acked(std::string_view exchange, std::string_view key);

  /// Returns true if the channel is being exchanged, so that nothing may be published.
  [[nodiscard]] bool under_way() const { return stage_ != Stage::none; }
  /// Returns true once, when nothing is unconfirmed any more: the caller closes the channel.
  bool may_close(bool all_confirmed);
  /// The broker has confirmed a close. Returns true if it was asked for because of may_close().
  [[nodiscard]] bool closed() const { return stage_ == Stage::closing; }
  /// How long until the connection is to be given up; zero: now. Duration::max() while the channel is not exchanged.
  [[nodiscard]] Duration left(TimePoint now) const;
  /// A channel is being opened, for whatever reason.
  void opening() { stage_ = Stage::none; }

 private:
  enum class Stage { none, waiting, closing };
  struct Nacked {
    TimePoint since, last;
    Duration wait;
  };
  using Place = std::pair<std::string, std::string>;
  /// So that a look-up by views needs no strings.
  struct Less {
    using is_transparent = void;
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      auto first = std::string_view(a.first), second = std::string_view(b.first);
      return first != second ? first < second : std::string_view(a.second) < std::string_view(b.second);
    }
  };

  const Duration first_, longest_;
  std::map<Place, Nacked, Less> nacked_;
  Stage stage_ = Stage::none;
  TimePoint began_{};
};

}  // namespace mombridge::amqp
