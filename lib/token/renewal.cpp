#include "token/renewal.hpp"

#include <algorithm>
#include <random>
#include <utility>

namespace mombridge::token {

namespace {

constexpr Duration kFileLook = std::chrono::seconds(5);
/// What is refused again and again, or ends as soon as it is there, is not looked for without a pause.
constexpr Duration kLeast = std::chrono::seconds(1);
/// The clock may be set, so it is looked at from time to time.
constexpr Duration kMost = std::chrono::minutes(1);
constexpr int64_t kToleranceMs = 60'000;
constexpr Duration kFresh = std::chrono::seconds(30);

/// Between 70 and 80 per cent of its life, so that many clients of one endpoint do not all come at once, and there is
/// time to try again.
Duration renew_after(int64_t life_ms) {
  thread_local std::minstd_rand random{std::random_device{}()};
  auto part = std::uniform_real_distribution<double>(0.7, 0.8)(random);
  return std::chrono::milliseconds(static_cast<int64_t>(static_cast<double>(life_ms) * part));
}

int64_t milliseconds(Duration d) { return std::chrono::duration_cast<std::chrono::milliseconds>(d).count(); }

}  // namespace

Renewal::Renewal(Origin origin) : origin_(origin), backoff_(std::chrono::seconds(1), std::chrono::seconds(30)) {}

Duration Renewal::wait(Instant now) const {
  if (next_ == TimePoint::max()) return Duration::max();
  if (due_by_age(now)) return Duration::zero();
  return std::clamp(next_ - now.steady, Duration::zero(), kMost);
}

// Of a clock that was set back nobody is told, but the steady clock knows how old the token is.
bool Renewal::due_by_age(Instant now) const { return next_ms_ && now.unix_ms >= *next_ms_; }

bool Renewal::found(Token token, Instant now) {
  backoff_.reset();
  problem_.clear();
  bool other = !present_ || present_->token.text.reveal() != token.text.reveal();
  auto number = present_ ? present_->number + 1 : 1;
  next_ms_.reset();
  if (origin_ == Origin::file) {
    next_ = now.steady + kFileLook;
  } else if (!token.ends_ms) {
    next_ = TimePoint::max();  // until a broker refuses it
  } else {
    auto after = std::max(renew_after(std::max<int64_t>(*token.ends_ms - now.unix_ms, 0)), kLeast);
    next_ = now.at(now.unix_ms + milliseconds(after));
    next_ms_ = now.unix_ms + milliseconds(after);
  }
  // Of a short life half: the broker's clock may be ahead of this machine's.
  auto fresh = kFresh;
  if (token.ends_ms) fresh = std::min<Duration>(fresh, (now.at(*token.ends_ms) - now.steady) / 2);
  found_ = now.steady;
  present_ = Present{std::move(token), number, now.steady + fresh};
  return other;
}

void Renewal::failed(std::string why, Instant now) {
  problem_ = std::move(why);
  next_ = now.steady + (origin_ == Origin::file ? std::min(backoff_.next(), kFileLook) : backoff_.next());
  next_ms_.reset();
}

void Renewal::refused(uint64_t number, Instant now) {
  // While looking for it fails, the backoff says when to look again.
  if (!present_ || number < present_->number || !problem_.empty()) return;
  next_ = std::min(next_, std::max(now.steady, found_ + kLeast));
}

bool Renewal::has_ended(Instant now) const {
  return present_ && present_->token.ends_ms && *present_->token.ends_ms <= now.unix_ms;
}

Result<Present> Renewal::present(Instant now) const {
  if (!present_)
    return fail(problem_.empty() ? std::string("there is no token yet") : "there is no token: " + problem_);
  auto& ends = present_->token.ends_ms;
  if (!ends || now.unix_ms < *ends + kToleranceMs) return *present_;
  return fail("the token ended at " + time_text(*ends) + ", and there is no newer one" +
              (problem_.empty() ? ": is this machine's clock right?" : ": " + problem_));
}

}  // namespace mombridge::token
