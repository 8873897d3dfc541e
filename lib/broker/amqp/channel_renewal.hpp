#pragma once
// When a publish channel that is nacked is worth exchanging for a new one.

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.hpp"

namespace mombridge::amqp {

/// What is nacked on the present channel, and how far its exchange has come. Not thread-safe.
///
/// A full queue nacks for as long as it is full, and no channel helps. But a channel that first publishes to a quorum
/// queue while the queue's leader is away goes on nacking until that very node is back: it asks the node that it knew
/// first (RabbitMQ 3.10, rabbit_fifo_client), whoever leads by now, and a new channel asks the new leader. From here
/// the two look alike. So after `first` of nothing but nacks the channel is exchanged, and then ever more seldom.
///
/// The exchange is orderly: nothing new is published until all is confirmed or nacked, so it makes no duplicates. Where
/// the queue's leader stands still or its host is gone, though, the broker takes 7 s for each nack (net_setuptime), and
/// for the channel's close behind them: the connection is given up then, and what was unconfirmed is published again.
class ChannelRenewal {
 public:
  ChannelRenewal(Duration first, Duration longest) : first_(first), longest_(std::max(first, longest)) {}

  /// Nothing is nacked: acked() need not be called.
  [[nodiscard]] bool idle() const { return nacked_.empty(); }
  /// The exchange and routing key of what was nacked; true: an exchange of the channel begins with it.
  bool nacked(std::string_view exchange, std::string_view key, TimePoint now);
  void acked(std::string_view exchange, std::string_view key);

  /// Nothing may be published.
  [[nodiscard]] bool under_way() const { return stage_ != Stage::none; }
  /// True once: nothing is unconfirmed any more, and the caller closes the channel.
  bool may_close(bool all_confirmed);
  /// The broker has confirmed the close. True where may_close() was what asked for it.
  [[nodiscard]] bool closed() const { return stage_ == Stage::closing; }
  /// How long until the connection is to be given up, zero: now; Duration::max() while no exchange is under way.
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
