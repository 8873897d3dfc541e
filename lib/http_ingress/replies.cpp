#include "http_ingress/replies.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <sys/random.h>
#include <utility>

#include "config/ingress.hpp"

namespace mombridge::http_ingress {

namespace {

constexpr Duration kLook = std::chrono::milliseconds(10);
constexpr std::string_view kPrefix = "ingress-";

/// Not to be guessed: who knows the id of a request can answer it.
std::string random_text(size_t bytes) {
  std::array<char, 16> random{};
  // Up to 256 bytes come whole (getrandom(2)).
  if (::getrandom(random.data(), bytes, 0) != static_cast<ssize_t>(bytes)) std::abort();
  return hex(std::string_view(random.data(), bytes));
}

}  // namespace

Replies::Replies(EventLoop& loop, MakeClient make, Counter& late)
    : loop_(loop), make_(std::move(make)), late_(late), instance_(std::string(kPrefix) + random_text(8) + "-") {}

Result<std::string> Replies::expect(const config::Config& config, const std::string& broker, Waiter& waiter) {
  auto* client = client_of(config, broker);
  if (!client) return fail("broker " + broker + " takes no requests over HTTP: nobody can connect to it from outside");
  auto id = instance_ + random_text(16);
  waiting_.emplace(id, Waiting{&waiter, client->shared_from_this()});
  if (!timer_) timer_ = loop_.after(Duration::zero(), [this] { look(); });
  return id;
}

ReplyClient* Replies::client_of(const config::Config& config, const std::string& broker) {
  auto& client = clients_[broker];
  if (client) return client.get();
  auto made = make_(*config.broker(broker), {config.name + ".ingress", instance_.substr(kPrefix.size(), 16), {}});
  if (!made.broker) return nullptr;
  client = ReplyClient::start(loop_, std::move(made), [this](const Message& reply) { came(reply); });
  return client.get();
}

// Nobody tells when a client has connected, so that is looked at for as long as something waits for it.
void Replies::look() {
  timer_ = 0;
  std::map<const ReplyClient*, bool> ready;
  std::vector<Waiting*> to_send;
  bool unsent = false;
  for (auto& [id, waiting] : waiting_) {
    if (waiting.sent) continue;
    auto [found, first] = ready.emplace(waiting.client.get(), false);
    if (first) found->second = waiting.client->why_not().empty();
    found->second ? to_send.push_back(&waiting) : void(unsent = true);
  }
  if (unsent) timer_ = loop_.after(kLook, [this] { look(); });
  for (auto* waiting : to_send) {
    waiting->sent = true;
    waiting->waiter->send(*waiting->client);
  }
}

void Replies::came(const Message& reply) {
  auto id = reply.correlation_id.value_or("");
  auto found = waiting_.find(id);
  if (found != waiting_.end()) {
    auto* waiter = found->second.waiter;
    waiting_.erase(found);
    waiter->replied(reply);
    return end_unused();
  }
  // The replies to all replicas come through one topic of Kafka's.
  if (id.starts_with(kPrefix) && !id.starts_with(instance_)) return;
  late_.add();
  late_log_.event(log::Level::warn, "a reply came for which no HTTP client waits any more",
                  {{"target", reply.target}, {"correlation_id", id}});
}

void Replies::forget(const std::string& id) {
  if (waiting_.erase(id)) end_unused();
}

std::string Replies::why_not(const std::string& broker) const {
  auto found = clients_.find(broker);
  return found == clients_.end() || !found->second ? "it has just been changed" : found->second->why_not();
}

void Replies::change(const topology::Difference& difference) {
  for (auto& [broker, client] : clients_) {
    auto change = topology::change_of(difference.brokers, broker);
    if (!client || change == topology::Change::same || change == topology::Change::resubscribed) continue;
    former_.push_back(std::exchange(client, nullptr));
  }
  end_unused();
}

void Replies::end_unused() {
  std::erase_if(former_, [this](auto& client) {
    bool used = std::ranges::any_of(waiting_, [&](auto& entry) { return entry.second.client == client; });
    if (used) return false;
    auto thread = Thread::start("stop", [client] { client->stop(); });
    if (!thread) return false;
    stopping_.push_back(std::move(*thread));
    return true;
  });
}

void Replies::stop() {
  loop_.cancel(std::exchange(timer_, 0));
  std::vector<Thread::Entry> stops;
  for (auto& [broker, client] : clients_)
    if (client) stops.emplace_back([&client] { client->stop(); });
  for (auto& client : former_) stops.emplace_back([&client] { client->stop(); });
  run_all("stop", stops);
  stopping_.clear();
  clients_.clear();
  former_.clear();
}

}  // namespace mombridge::http_ingress
