#pragma once
// The connection that publishes, in confirm mode: a publication is done when the broker says so, and not before.

#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/pace.hpp"
#include "broker/amqp/channel_renewal.hpp"
#include "broker/amqp/connection.hpp"
#include "broker/amqp/publisher_first.hpp"
#include "broker/amqp/side_channel.hpp"
#include "broker/supervisor.hpp"
#include "message/publication.hpp"

namespace mombridge::amqp {

class Publisher final : private ConnectionUser, private ChannelUser {
 public:
  /// `loop`, `settings` and `order`, which is told of each attempt, outlive this.
  Publisher(EventLoop& loop, const std::string& broker, const Settings& settings, PublisherFirst& order);

  /// [loop]
  void start() { supervisor_.start(); }
  /// [loop] Before each of its sleeps: writes what was gathered, and returns how long the sleep may last at most.
  Duration serve();
  /// [loop] How long it may rest between two rounds; Duration::max() where nothing is under way.
  [[nodiscard]] Duration rest() const { return pace_.rest(slots_.size()); }
  /// [loop] Writes its last; `gone` is called once the broker has answered, or at once where there is no connection.
  void say_goodbye(std::function<void()> gone);
  /// [loop] Drops the connection at once.
  void close();

  /// [any thread] As Broker::publish().
  void publish(Publication& publication) noexcept;
  [[nodiscard]] LinkStatus status() const { return supervisor_.status(); }
  [[nodiscard]] bool up() const noexcept { return supervisor_.up(); }
  /// [any thread, once the loop has ended] Completes what is still here as `away`.
  void give_back();

 private:
  static constexpr uint16_t kChannel = 1, kSideChannel = 2;

  /// A publication that was written and has no confirm yet.
  struct Slot {
    Publication* publication;  ///< null: resolved
    size_t size;               ///< of its body
    TimePoint written{};
    bool returned = false;
  };
  /// What callers have left for the loop.
  struct Intake {
    Buffer bytes;  ///< the frames of `written`
    std::vector<Slot> written;
    std::vector<Publication*> waiting;  ///< behind them, and not encoded
    [[nodiscard]] bool empty() const { return written.empty() && waiting.empty(); }
    void clear(size_t keep) {
      bytes.clear(keep);
      written.clear();
      waiting.clear();
    }
  };
  /// So much more may be under way.
  struct Room {
    size_t count = 0, bytes = 0;
  };
  struct Exchange {
    enum class State { asked, exists, missing } state = State::asked;
    std::string why;  ///< it is missing, in the broker's words
  };
  /// So that a look-up by a view needs no string.
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };

  void opened() override;
  void closed(const Error& error) override;
  void method(amqp_method_number_t id, void* decoded, std::string_view arguments) override;
  void content_header(uint64_t body_size, std::string_view properties) override;
  void content_body(std::string_view part) override;
  void blocked(const std::string& reason) override;
  void unblocked() override;

  // publisher_write.cpp
  bool encode(Publication& publication);
  void take_in();
  bool let_in();
  void pump();
  [[nodiscard]] bool can_write() const { return ready_ && !renewal_.under_way() && connection_.is_open(); }
  [[nodiscard]] Room room() const;
  [[nodiscard]] bool has_room() const;
  /// What stands in the way of writing it: nothing (written, or refused), or that it must wait.
  bool try_write(Publication& publication);
  bool exchange_ready(Publication& publication);
  void answered(const SideChannel::Question& question, bool yes, const std::string& why);
  void exchange_answer(const std::string& name, bool exists, const std::string& why);
  void remember(const std::string& name, Exchange exchange);
  [[nodiscard]] Result<> fits(const Publication& publication) const;
  Result<> write(Buffer& out, const Publication& publication) const;
  void written(Slot slot);
  void refuse(Publication& publication, std::string why, Outcome::Cause cause);

  void declare_own();
  void open_channel();
  [[nodiscard]] bool one_channel() const { return connection_.agreed().channel_max < kSideChannel; }
  void renew_channel();
  void channel_closed(const std::string& why);
  void learn_limit(std::string_view why);
  void take_back_unconfirmed();
  Publication* take_back_and_blame();
  void confirm(std::string_view arguments);
  void resolve(uint64_t tag, bool multiple, bool acked);
  void resolve_slot(Slot& slot, uint64_t tag, bool acked);

  // publisher_returns.cpp
  void match_return();
  [[nodiscard]] bool is_returned(const Publication& publication) const;
  [[nodiscard]] bool has_returned_properties(const Publication& publication) const;
  void mark_returned(uint64_t tag);

  const std::string broker_;
  const Settings& settings_;
  EventLoop& loop_;
  Connection connection_;
  Supervisor supervisor_;
  PublisherFirst& order_;
  SideChannel side_;
  std::set<std::string> not_declared_;  ///< queues of the bridge's own whose declaration cost the connection

  std::mutex mutex_;  ///< guards what follows
  Intake intake_;
  bool direct_ = false;  ///< callers encode: the channel is open, and nothing waits before them
  bool stopped_ = false;
  Room room_;  ///< what the intake may have of encoded publications
  /// Written by the loop alone, which may therefore read it without the mutex.
  std::unordered_map<std::string, Exchange, Hash, std::equal_to<>> exchanges_;

  // The loop's alone.
  Intake taken_;
  std::deque<Publication*> waiting_;
  bool ready_ = false, blocked_ = false;
  ChannelRenewal renewal_;
  uint64_t max_message_size_ = 0;

  uint64_t base_ = 1;  ///< sequence number of the first of slots_
  std::deque<Slot> slots_;
  Pace pace_;
  size_t unconfirmed_bytes_ = 0;
  size_t solo_ = 0;  ///< so many publications go one by one: the broker closed because of one of them

  struct Return {
    std::string reason, exchange, routing_key, properties, body;
    uint64_t body_size = 0;
    bool active = false;
  } return_;
  std::map<uint64_t, std::string> return_reasons_;
  uint64_t return_cursor_ = 0;  ///< returns come in the order of publishing: where the last one was found

  std::function<void()> on_closed_;
};

}  // namespace mombridge::amqp
