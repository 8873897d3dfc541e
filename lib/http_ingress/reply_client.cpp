#include "http_ingress/reply_client.hpp"

#include "broker/links.hpp"

namespace mombridge::http_ingress {

namespace {

constexpr Duration kStopPatience = std::chrono::seconds(2);

}  // namespace

std::shared_ptr<ReplyClient> ReplyClient::start(EventLoop& loop, MadeClient made, Replied replied) {
  auto client = std::shared_ptr<ReplyClient>(new ReplyClient(loop, std::move(made), std::move(replied)));
  client->broker_->start(*client);
  return client;
}

handler::Outlet ReplyClient::outlet() {
  return {std::shared_ptr<Broker>(shared_from_this(), broker_.get()), settings_};
}

std::string ReplyClient::why_not() const {
  if (auto why = why_not_up(*broker_); !why.empty()) return why;
  return broker_->takes_requests() ? "" : "its reply address is not there yet";
}

void ReplyClient::stop() {
  broker_->stop_intake();
  broker_->stop(kStopPatience);
}

// The delivery is settled behind the look at it, so that no more replies wait here than the subscription has in flight.
void ReplyClient::receive(DeliveryHandle delivery) noexcept {
  loop_.post([client = shared_from_this(), delivery = delivery.release()] {
    client->replied_(delivery->message);
    delivery->settle(Settlement::accept);
  });
}

}  // namespace mombridge::http_ingress
