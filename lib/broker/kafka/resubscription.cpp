#include "broker/kafka/resubscription.hpp"

#include <chrono>

namespace mombridge::kafka {

namespace {
/// New topics wait for it.
constexpr Duration kDrainPatience = std::chrono::seconds(10);
}  // namespace

Resubscription::Resubscription(EventLoop& loop, ConsumerClient& client, const Assignment& assignment, Rejoins rejoins,
                               Failed failed)
    : loop_(loop), client_(client), assignment_(assignment), rejoins_(std::move(rejoins)), failed_(std::move(failed)) {}

void Resubscription::begin() {
  forget();
  if (!client_.topics_changed()) return;
  if (!assignment_.revoke_waits()) return subscribe();
  timer_ = loop_.after(kDrainPatience, [this] { subscribe(); });
}

void Resubscription::settled() {
  if (waits() && !assignment_.revoke_waits()) subscribe();
}

void Resubscription::subscribe() {
  forget();
  if (!client_.topics_changed()) return;
  rejoins_();
  if (auto subscribed = client_.subscribe(); !subscribed) failed_(subscribed.error());
}

}  // namespace mombridge::kafka
