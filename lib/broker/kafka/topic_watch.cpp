#include "broker/kafka/topic_watch.hpp"

#include <utility>

#include "broker/kafka/client.hpp"
#include "broker/kafka/login.hpp"
#include "broker/kafka/permission.hpp"

namespace mombridge::kafka {

namespace {

constexpr Duration kPatience = std::chrono::seconds(60);
constexpr Duration kLookAgain = std::chrono::seconds(5);

/// Why a topic cannot be had; empty: it can, or it is not known.
std::string topic_error(rd_kafka_t* client, const std::string& topic, const std::string& principal,
                        TimePoint deadline) {
  Topic handle(rd_kafka_topic_new(client, topic.c_str(), nullptr));
  auto metadata = ask_metadata(client, handle.get(), deadline);
  if (!metadata || (*metadata)->topic_cnt != 1) return {};
  auto code = (*metadata)->topics[0].err;
  if (!code) return {};
  bool forbidden = code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
  return describe(code, {}) +
         (forbidden ? ": " + allow({"Describe", "Read"}, "topic", topic, principal) : std::string());
}

}  // namespace

TopicWatch::TopicWatch(EventLoop& loop, BlockingCalls& calls, std::shared_ptr<const Settings> settings,
                       SubscriptionLinks& links)
    : loop_(loop), settings_(std::move(settings)), links_(links), caller_(calls, loop) {}

void TopicWatch::change_to(std::shared_ptr<const Settings> settings) {
  settings_ = std::move(settings);
  auto client = client_;
  stop();
  if (client) look(client);
}

void TopicWatch::look(const SharedClient& client) {
  // An answer that is under way may be older than what made somebody look now.
  if (!caller_.idle()) return void(look_again_ = true);
  stop();
  client_ = client;
  caller_.ask(
      kPatience,
      [settings = settings_, client](TimePoint deadline) -> Result<std::vector<std::string>> {
        std::vector<std::string> errors;
        auto principal = Login(*settings).principal();
        for (auto& s : settings->subscriptions)
          errors.push_back(s.topic.starts_with('^') ? std::string()
                                                    : topic_error(client.get(), s.topic, principal, deadline));
        return errors;
      },
      [this](const Result<std::vector<std::string>>& errors) {
        looked(errors ? *errors : std::vector<std::string>(settings_->subscriptions.size()));
      });
}

void TopicWatch::stop() {
  caller_.cancel();
  look_again_ = false;
  loop_.cancel(std::exchange(timer_, 0));
  client_.reset();
}

void TopicWatch::looked(const std::vector<std::string>& errors) {
  bool missing = links_.topics(errors);
  if (std::exchange(look_again_, false)) return look(SharedClient(client_));
  if (!missing) return client_.reset();
  timer_ = loop_.after(kLookAgain, [this] { look(SharedClient(client_)); });
}

}  // namespace mombridge::kafka
