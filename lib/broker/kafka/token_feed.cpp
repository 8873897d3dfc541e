#include "broker/kafka/token_feed.hpp"

#include <algorithm>
#include <utility>

#include "base/log.hpp"

namespace mombridge::kafka {

namespace {

/// librdkafka takes no token without an end, and none that has ended, which brokers may take for a while yet.
constexpr int64_t kUnknownLifeMs = int64_t{365} * 24 * 3600 * 1000, kLeastLifeMs = 5000;

/// librdkafka wants a name, and sends it to nobody.
constexpr const char* kNobody = "mombridge";

rd_kafka_resp_err_t set_token(rd_kafka_t* client, const token::Token& token) {
  auto now = unix_ms();
  auto ends = std::max(token.ends_ms.value_or(now + kUnknownLifeMs), now + kLeastLifeMs);
  auto* principal = token.subject.empty() ? kNobody : token.subject.c_str();
  char text[512] = "";  // not to be shown: it may quote the token
  return rd_kafka_oauthbearer_set_token(client, token.text.reveal().c_str(), ends, principal, nullptr, 0, text,
                                        sizeof text);
}

}  // namespace

void TokenFeed::begin(rd_kafka_t* client) {
  if (!source_) return;
  {
    std::lock_guard lock(mutex_);
    client_ = client;
    run_out_ = true;  // of connections that are not there yet
  }
  watch_ = source_->watch([this] { give(); });
  give();
}

void TokenFeed::end() noexcept {
  watch_ = {};
  std::lock_guard lock(mutex_);
  client_ = nullptr;
}

void TokenFeed::give() {
  auto present = source_->present();
  std::lock_guard lock(mutex_);
  if (!client_) return;
  if (!present) {
    rd_kafka_oauthbearer_set_token_failure(client_, present.error().text.c_str());
    return;
  }
  if (present->number <= number_) return;
  if (auto code = set_token(client_, present->token))
    return log::warn("a token that librdkafka does not take",
                     {{"client", rd_kafka_name(client_)}, {"reason", rd_kafka_err2name(code)}});
  number_ = present->number;
  fresh_until_ = present->fresh_until;
  if (!std::exchange(run_out_, false)) return;
  logged_in_until_ = fresh_until_;
  sockets_.shut_down();
}

void TokenFeed::login_refused() {
  if (!source_) return;
  std::lock_guard lock(mutex_);
  if (client_ && !source_->is_fresh(fresh_until_)) source_->refused(number_);
}

bool TokenFeed::run_out() {
  if (!source_) return false;
  std::lock_guard lock(mutex_);
  if (!client_ || (!run_out_ && source_->is_fresh(logged_in_until_))) return false;
  run_out_ = true;
  source_->refused(number_);
  return true;
}

}  // namespace mombridge::kafka
