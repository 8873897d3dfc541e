#include "broker/amqp/publisher.hpp"

#include <charconv>
#include <optional>
#include <utility>

#include "base/log.hpp"

namespace mombridge::amqp {

namespace {

// The only publication that was under way is to blame. 406 is about what it says, and mostly about its headers, of
// which fewer may pass; a body over the broker's limit stays what it is. Other codes are about the exchange and
// permissions.
Outcome::Cause cause_of(const std::string& why) {
  if (!why.starts_with("406 ")) return Outcome::Cause::around;
  return why.find("larger than configured max size") == std::string::npos ? Outcome::Cause::size
                                                                          : Outcome::Cause::message;
}

// Source: RabbitMQ's rabbit_channel:check_msg_size/2.
std::optional<uint64_t> limit_in(std::string_view why) {
  constexpr std::string_view kWords = "larger than configured max size ";
  auto at = why.find(kWords);
  if (at == std::string_view::npos) return std::nullopt;
  uint64_t limit = 0;
  auto from = why.substr(at + kWords.size());
  auto [end, error] = std::from_chars(from.data(), from.data() + from.size(), limit);
  return error == std::errc{} && limit ? std::optional(limit) : std::nullopt;
}

uint64_t default_max_message_size(unsigned server_major) {
  return server_major >= 4 ? 16ull << 20 : 128ull << 20;  // RabbitMQ's defaults; the smaller one since 4.0
}

}  // namespace

Publisher::Publisher(EventLoop& loop, const std::string& broker, const Settings& settings, PublisherFirst& order,
                     token::Source* tokens)
    : broker_(broker),
      settings_(settings),
      connection_(loop, settings, "publisher", *this, {}, tokens),
      supervisor_(
          loop, broker, "publisher", Backoff(settings.reconnect_delay, settings.reconnect_delay_max),
          [this] { connection_.open(); }, LinkStatus::Role::publisher),
      order_(order),
      side_(connection_, [this](auto& question, bool yes, auto& why) { answered(question, yes, why); }),
      counts_(connection_, [this](auto& question, bool yes, auto& why) { counted(question, yes, why); }),
      channel_(kChannel, loop, connection_, broker,
               ChannelRenewal(3 * settings.reconnect_delay, settings.reconnect_delay_max), *this),
      large_(kLargeChannel, loop, connection_, broker,
             ChannelRenewal(3 * settings.reconnect_delay, settings.reconnect_delay_max), *this),
      queue_(loop, kChannel, channel_, large_, side_) {}

Duration Publisher::serve() {
  auto sleep = queue_.write();
  sleep = std::min({sleep, channel_.renew(), large_.renew()});
  connection_.flush();
  return queue_.let_in() || can_write_on() ? Duration::zero() : sleep;
}

void Publisher::close_in_order(std::function<void()> done) {
  supervisor_.stop();
  on_closed_ = std::move(done);
  connection_.close_in_order();
}

void Publisher::close() {
  on_closed_ = nullptr;
  channel_.lost();
  large_.lost();
  connection_.close();
}

void Publisher::token_changed() {
  connection_.renew_login();
  if (!connection_.is_open() && connection_.token_login().ready()) supervisor_.retry();
}

void Publisher::opened() {
  max_message_size_ = settings_.max_message_size ? settings_.max_message_size
                                                 : default_max_message_size(connection_.agreed().server_major);
  queue_.connected(connection_.agreed().channel_max >= kLargeChannel);
  side_.reset(one_channel() ? kChannel : kSideChannel);
  counts_.reset(kCountChannel);
  declare_own_queues();
  // A broker that allows a single channel is asked first, and published to then.
  if (!one_channel() || side_.idle()) open_channel();
}

// A queue that exists with other arguments is used as it is.
void Publisher::declare_own_queues() {
  for (auto& name : settings_.declares) {
    if (not_declared_.contains(name)) continue;
    auto declared = settings_.declarations.find(name);
    side_.ask({Question::Kind::declare_queue, name,
               declared == settings_.declarations.end() ? QueueDeclaration{} : declared->second});
  }
}

void Publisher::answered(const Question& question, bool yes, const std::string& why) {
  if (!yes && login_run_out(why)) return;
  if (question.kind == Question::Kind::look_up_exchange) return queue_.exchange_answered(question.name, yes, why);
  if (!yes)
    log::info("the bridge's own queue is used as it is",
              {{"broker", broker_}, {"queue", question.name}, {"reason", why}});
  if (one_channel() && side_.idle()) open_channel();
}

bool Publisher::count(const std::string& queue) {
  if (!supervisor_.up() || connection_.agreed().channel_max < kCountChannel) return false;
  counts_.ask({Question::Kind::look_up_queue, queue});
  return true;
}

void Publisher::counted(const Question& question, bool yes, const std::string& why) {
  if (!yes && login_run_out(why)) return;
  if (counted_) counted_(question.name, yes ? std::optional(question.messages) : std::nullopt);
}

void Publisher::open_channel() {
  queue_.channel_opens(limits(), !one_channel());
  channel_.open();
}

void Publisher::channel_ready(PublishChannel& channel) {
  if (&channel == &large_) return;
  if (auto state = supervisor_.status().state; state != LinkStatus::State::up && state != LinkStatus::State::blocked)
    supervisor_.opened(connection_.endpoint() + ", " + connection_.agreed().server);
  order_.publisher_up();
}

// What is forbidden because the login has run out is no message's fault: all of it waits, and goes over a new
// connection.
bool Publisher::login_run_out(const std::string& why) {
  if (!why.starts_with("403 ") || !connection_.token_login().run_out(AMQP_ACCESS_REFUSED, why)) return false;
  connection_.close_in_order();
  connection_.close();
  closed({why + TokenLogin::kAskedFor});
  return true;
}

void Publisher::channel_closed(PublishChannel& channel, const std::string& why) {
  if (login_run_out(why)) return;
  log::warn("publish channel closed by the broker",
            {{"broker", broker_}, {"reason", why}, {"unconfirmed", channel.window().size()}});
  auto* culprit = queue_.take_back_and_blame(channel);
  // Each body that is too large costs the channel, and all that is unconfirmed on it comes twice: so one is enough.
  if (auto limit = limit_in(why)) max_message_size_ = std::min(max_message_size_, *limit);
  if (&channel == &channel_)
    open_channel();
  else
    queue_.limit_to(limits());
  if (culprit) culprit->completed(Outcome::refused(why, cause_of(why)));
}

void Publisher::channel_broken(const std::string& why) {
  connection_.close();
  closed({why});
}

void Publisher::closed(const Error& error) {
  channel_.lost();
  large_.lost();
  Publication* culprit = nullptr;
  bool declaring = !side_.idle() && side_.asked().kind == Question::Kind::declare_queue;
  if (!connection_.end().blamed()) {
    queue_.take_back();
  } else if (declaring) {
    log::error("the bridge's own queue cannot be declared, and is not any more",
               {{"broker", broker_}, {"queue", side_.asked().name}, {"reason", error.text}});
    not_declared_.insert(side_.asked().name);
    queue_.take_back();
  } else {
    culprit = queue_.take_back_and_blame();
  }
  if (culprit) culprit->completed(Outcome::refused(error.text, Outcome::Cause::size));
  side_.reset(kSideChannel);
  counts_.reset(kCountChannel);
  if (on_closed_) return std::exchange(on_closed_, nullptr)();
  supervisor_.failed(error, connection_.end().least_wait(settings_.reconnect_delay_max));
  order_.publisher_failed(connection_.end().limited());
}

void Publisher::blocked(const std::string& reason) {
  queue_.block(true);
  supervisor_.blocked(reason);
}

void Publisher::unblocked() {
  queue_.block(false);
  supervisor_.unblocked();
}

}  // namespace mombridge::amqp
