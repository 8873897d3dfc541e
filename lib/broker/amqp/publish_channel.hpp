#pragma once
// The channel that publishes, in confirm mode: a publication is done when the broker says so, and not before.

#include <string>
#include <vector>

#include "broker/amqp/body_writer.hpp"
#include "broker/amqp/channel_renewal.hpp"
#include "broker/amqp/confirm_window.hpp"
#include "broker/amqp/connection.hpp"
#include "broker/amqp/publish_frames.hpp"
#include "broker/amqp/publisher_intake.hpp"
#include "broker/amqp/return_reader.hpp"

namespace mombridge::amqp {

/// Writes publications and hands out their outcomes. Lives through any number of channels, one at a time, on one
/// connection after the other. Belongs to the loop's thread.
class PublishChannel final : private ChannelUser {
 public:
  /// All calls come on the loop's thread. Each may open the channel again.
  class User {
   public:
    /// Publications can be written.
    virtual void channel_ready(PublishChannel& channel) = 0;
    /// One publication is about to get its outcome.
    virtual void publication_settled(PublishChannel& channel, const Publication& publication) = 0;
    /// The broker has closed the channel; what was unconfirmed is to be taken back.
    virtual void channel_closed(PublishChannel& channel, const std::string& why) = 0;
    /// Nothing needs to be taken back: the channel was closed here, to be opened anew.
    virtual void channel_left(PublishChannel& channel) = 0;
    /// The connection is of no further use.
    virtual void channel_broken(const std::string& why) = 0;

   protected:
    ~User() = default;
  };

  /// `number`: of the channel. `connection` and `user` outlive this. `broker` stands in logs.
  PublishChannel(uint16_t number, EventLoop& loop, Connection& connection, std::string broker, ChannelRenewal renewal,
                 User& user);

  /// Asks for a channel, on a connection that is open. The window must be empty.
  void open();
  /// The connection is gone or about to go: nothing can be written any more.
  void lost() { ready_ = false; }
  /// Publications can be written now.
  [[nodiscard]] bool can_write() const { return is_open() && !body_.publication() && !renewal_.under_way(); }

  /// Writes one publication, or begins to where its body is large. An error has written nothing.
  Result<> write(Publication& publication, const PublishLimits& limits);
  /// Writes what callers have encoded.
  void write(PublisherIntake::Batch& batch);
  /// Writes more of a large body. To be called before each sleep of the loop.
  void write_on() {
    if (is_open()) body_.write(connection_.out());
  }
  /// Returns true if there is more of it to write at once.
  [[nodiscard]] bool can_write_on() const { return is_open() && body_.wants(connection_.out()); }
  /// The channel is gone, and perhaps its connection: those without a confirm, in the order of publishing. What was
  /// lent by them is not needed any more.
  [[nodiscard]] std::vector<Publication*> take_back();

  /// Closes a channel that is to be exchanged, once nothing is unconfirmed on it. To be called before each sleep of the
  /// loop; returns how long that may last at most.
  Duration renew();

  [[nodiscard]] const ConfirmWindow& window() const { return window_; }
  /// Bytes that are written and not on their way yet.
  [[nodiscard]] size_t pending() const { return connection_.out().size(); }

 private:
  void method(amqp_method_number_t id, void* decoded, std::string_view arguments) override;
  void content_header(uint64_t body_size, std::string_view properties) override;
  void content_body(std::string_view part) override;

  [[nodiscard]] bool is_open() const { return ready_ && connection_.is_open(); }
  void close();
  void confirm(uint64_t tag, bool multiple, bool acked);
  void settle(Publication& publication, bool acked, const std::string* returned);
  void match_return();
  void foreign_return();

  const uint16_t number_;
  EventLoop& loop_;
  Connection& connection_;
  const std::string broker_;
  User& user_;
  bool ready_ = false;
  BodyWriter body_{number_};
  ConfirmWindow window_;
  ReturnReader returning_;
  ChannelRenewal renewal_;
};

}  // namespace mombridge::amqp
