#include "handler/publisher.hpp"

#include <utility>

#include "broker/broker.hpp"
#include "broker/source/memory_share.hpp"
#include "handler/abi.hpp"
#include "handler/publish_hold.hpp"

namespace mombridge::handler {

namespace {
constexpr uint64_t kMaxUnconfirmed = 10000;  ///< publishes of one handler; more are BUSY

uint64_t memory_of(const OwnedMessage& message) { return message.size() + source::MemoryShare::kPerMessage; }

}  // namespace

/// Owns its message, deletes itself when it is completed.
struct Publisher::PluginPublication final : Publication {
  PluginPublication(Publisher& p, std::shared_ptr<const void> o, std::shared_ptr<const config::BrokerSettings> s,
                    std::unique_ptr<OwnedMessage> m, mombridge_publish_done d, void* u)
      : publisher(p), owner(std::move(o)), settings(std::move(s)), owned(std::move(m)), done(d), user(u) {
    owned->message.app_id = settings->appname;
    message = &owned->message;
    target = owned->message.target;
    key = owned->message.key;
  }

  void completed(Outcome outcome) noexcept override {
    auto status = outcome.kind == Outcome::Kind::delivered ? MOMBRIDGE_OK
                  : outcome.kind == Outcome::Kind::refused ? MOMBRIDGE_REJECT
                  : publisher.open_                        ? MOMBRIDGE_RETRY
                                                           : MOMBRIDGE_CLOSED;
    if (status != MOMBRIDGE_OK) {
      publisher.failures_.add();
      publisher.failed_log_.event(log::Level::warn, "a handler's publish failed",
                                  {{"handler", publisher.handler_}, {"target", target}, {"reason", outcome.reason}});
    }
    if (done) publisher.done_.add({done, user, status, std::move(outcome.reason)});
    publisher.memory_.change(-static_cast<int64_t>(memory_of(*owned)));
    --publisher.unconfirmed_;
    delete this;
  }

  Publisher& publisher;
  std::shared_ptr<const void> owner;
  std::shared_ptr<const config::BrokerSettings> settings;  ///< the message views a text of theirs
  std::unique_ptr<OwnedMessage> owned;
  mombridge_publish_done done;
  void* user;
};

Publisher::Publisher(std::string handler, PluginMessages& messages, Breaches& breaches)
    : handler_(std::move(handler)),
      messages_(messages),
      done_(handler_, breaches),
      failures_(counter("handler_publish_failures", handler_)) {}

void Publisher::open(FindBroker find_broker, std::weak_ptr<const void> owner) {
  find_broker_ = std::move(find_broker);
  owner_ = std::move(owner);
  open_ = true;
}

void Publisher::refuse() {
  open_ = false;
  outward_.close();
}

mombridge_status Publisher::publish(std::string_view broker, const mombridge_message* message,
                                    mombridge_publish_done done, void* user) {
  if (!open_ || !outward_.enter()) return MOMBRIDGE_CLOSED;
  auto outlet = find_broker_(std::string(broker));
  auto status = outlet.broker ? publish_to(outlet, message, done, user) : MOMBRIDGE_NOT_FOUND;
  outward_.leave();
  return status;
}

mombridge_status Publisher::publish_to(const Outlet& outlet, const mombridge_message* message,
                                       mombridge_publish_done done, void* user) {
  auto owner = owner_.lock();
  if (!owner) return MOMBRIDGE_CLOSED;
  auto owned = messages_.take(message);
  if (!owned || (*owned)->message.target.empty()) return MOMBRIDGE_INVALID;
  if (done && !done_.ensure(owner)) return MOMBRIDGE_BUSY;
  if (++unconfirmed_ > kMaxUnconfirmed || !memory_.enter(memory_of(**owned))) {
    --unconfirmed_;
    return MOMBRIDGE_BUSY;
  }
  auto& publication = *new PluginPublication(*this, std::move(owner), outlet.settings, std::move(*owned), done, user);
  if (outlet.hold)
    outlet.hold->publish(outlet.broker, publication);
  else
    outlet.broker->publish(publication);
  return MOMBRIDGE_OK;
}

}  // namespace mombridge::handler
