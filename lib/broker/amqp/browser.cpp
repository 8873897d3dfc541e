#include "broker/amqp/browser.hpp"

#include <algorithm>
#include <thread>
#include <utility>

#include "base/text.hpp"
#include "broker/amqp/message_digest.hpp"
#include "broker/amqp/properties.hpp"
#include "broker/first_token.hpp"

namespace mombridge::amqp {

namespace {

constexpr Duration kClosePatience = std::chrono::seconds(1);
constexpr Duration kTakenBack = std::chrono::seconds(1);
constexpr Duration kLook = std::chrono::milliseconds(2);

struct Got final : StoredMessage {
  std::unique_ptr<AmqpDelivery> delivery;
};

// What is known of the queue.
Subscription as_subscription(const Settings& settings, const BrowseOptions& options) {
  auto& queue = options.target;
  Subscription made;
  auto same = std::ranges::find(settings.subscriptions, queue, &Subscription::queue);
  if (same != settings.subscriptions.end()) made = *same;
  if (options.delivery_limit) made.delivery_limit = options.delivery_limit;
  if (same != settings.subscriptions.end()) return made;
  made.source = made.queue = queue;
  auto declared = settings.declarations.find(queue);
  if (declared != settings.declarations.end()) made.declare = declared->second;
  return made;
}

}  // namespace

std::unique_ptr<Browser> browse(const config::BrokerSection& section, const BrowseOptions& options) {
  return std::make_unique<QueueBrowser>(section, options);
}

QueueBrowser::QueueBrowser(const config::BrokerSection& section, const BrowseOptions& options)
    : section_(section),
      settings_(static_cast<const Settings&>(*section.settings)),
      queue_(as_subscription(settings_, options)),
      limit_(section_.name, queue_, settings_),
      loop_(section.name) {
  loop_.before_sleep([this] {
    if (connection_) connection_->flush();
    return Duration::max();
  });
  loop_.start();
}

QueueBrowser::~QueueBrowser() {
  disconnect();
  loop_.stop();
}

Result<> QueueBrowser::open() {
  if (settings_.token) {
    auto first = first_token(section_.name, *settings_.token, settings_.connect_timeout);
    if (!first) return fail(first.error());
    tokens_ = *first;
  }
  loop_.call([this] {
    connection_.emplace(loop_, settings_, "dead-letters", static_cast<ConnectionUser&>(*this), ConnectorMeans{},
                        tokens_.get());
    channel_.emplace(loop_, *connection_, queue_.queue, [this](auto reply) { answered(std::move(reply)); });
  });
  if (auto connected = connect(); !connected) return connected;
  auto found = ask([this] { channel_->open(); });
  if (!found) return fail(found.error());
  left_ = found->ready;
  return {};
}

Result<> QueueBrowser::connect() {
  Result<> connected = fail("no url");
  for (size_t i = 0; i < settings_.endpoints.size() && !connected; ++i) {
    loop_.call([this] { gone_.clear(); });
    auto reply = ask([this] { connection_->open(); });
    connected = reply ? Result<>() : fail(reply.error());
  }
  return connected;
}

template <class What>
QueueBrowser::Reply QueueBrowser::ask(What what) {
  std::future<Reply> reply;
  loop_.call([&] {
    reply = asking_.emplace().get_future();
    if (gone_.empty())
      what();
    else
      answered(fail(gone_));
  });
  // A connection attempt ends by itself, and a large body is slow to come.
  for (auto before = channel_->progress();; before = channel_->progress()) {
    if (reply.wait_for(settings_.connect_timeout + kClosePatience) == std::future_status::ready) return reply.get();
    if (channel_->progress() == before) break;
  }
  disconnect();
  return fail("no answer within the connect_timeout");
}

void QueueBrowser::answered(Reply reply) {
  if (auto waiting = std::exchange(asking_, std::nullopt)) waiting->set_value(std::move(reply));
}

// What comes meanwhile is not looked at, or messages that come back while they are read would be read again.
Result<std::unique_ptr<StoredMessage>> QueueBrowser::next() {
  if (!left_) return nullptr;
  --left_;
  auto reply = ask([this] { channel_->get(); });
  if (!reply) return fail(reply.error());
  if (!reply->got) {
    left_ = 0;
    return nullptr;
  }
  auto stored = std::make_unique<Got>();
  stored->delivery = std::move(reply->got);
  auto& m = stored->message;
  m.target = reply->content.target;
  m.body = reply->content.body;
  unsigned dropped = 0;
  QueueNotes notes;
  decode_properties(reply->content.properties, m, stored->delivery->storage, dropped,
                    {.restore = true, .replies = true}, &notes);
  stored->id = message_digest(m);
  ++kept_;
  came_back_ = notes.delivery_count.value_or(0) > 0;
  notes.put_backs.reset();  // a dead letter is nothing that was put back
  auto left = limit_.check(notes, m);
  if (!left) return stored;
  stored->copy_to = queue_.queue;
  stored->copy_options = &copy_options_;
  stored->why = left->reason;
  return stored;
}

Result<> QueueBrowser::remove(const StoredMessage& stored) {
  --kept_;
  auto tag = static_cast<const Got&>(stored).delivery->tag;
  std::string gone;
  loop_.call([&] {
    gone = gone_;
    if (!gone.empty()) return;
    channel_->acknowledge(tag);
    connection_->flush();
  });
  return gone.empty() ? Result<>() : fail(gone);
}

Result<> QueueBrowser::end() {
  auto given = give_back();
  auto closed = ask([this] { channel_->close(); });
  disconnect();
  if (!given) return given;
  return closed ? Result<>() : fail(closed.error());
}

// The next ones come behind those that a quorum queue has taken back: it does that a moment later than it answers.
// Where somebody else takes them at once, they are never seen to stand there.
Result<> QueueBrowser::give_back() {
  auto look = [this] { return ask([this] { channel_->look_up(); }); };
  auto open = [this] {
    size_t count = 0;
    loop_.call([&] { count = channel_->open_count(); });
    return count;
  };
  if (!open()) return {};
  auto before = look();
  for (bool waits = true; before && open();) {
    auto expected = before->ready + std::min(open(), GetChannel::kGivenBack);
    auto seen = ask([this] { channel_->give_back(); });
    for (auto end = Clock::now() + kTakenBack; waits && seen && seen->ready < expected; seen = look()) {
      waits = Clock::now() < end;
      std::this_thread::sleep_for(kLook);
    }
    before = std::move(seen);
  }
  return before ? Result<>() : fail(before.error());
}

void QueueBrowser::disconnect() {
  std::future<void> closed;
  loop_.call([&] {
    asking_.reset();
    if (!connection_ || !connection_->is_open()) return;
    closed = closing_.emplace().get_future();
    connection_->close_in_order();
  });
  if (closed.valid()) closed.wait_for(kClosePatience);
  loop_.call([this] {
    closing_.reset();
    if (connection_) connection_->close();
    if (gone_.empty()) gone_ = "closed";
  });
}

void QueueBrowser::opened() { answered(GetChannel::Reply{}); }

void QueueBrowser::closed(const Error& error) {
  gone_ = error.text;
  if (auto waiting = std::exchange(closing_, std::nullopt)) waiting->set_value();
  answered(fail(error));
}

}  // namespace mombridge::amqp
