#include "broker/amqp/cautious_intake.hpp"

#include <algorithm>
#include <utility>

namespace mombridge::amqp {

namespace {
constexpr Duration kUntilDoubled = std::chrono::seconds(1);  ///< one that ends the process has done so by then
}

void CautiousIntake::begin(bool careful, uint64_t most) {
  state_ = std::exchange(refused_, false) || !careful ? State::all : State::singly;
  asked_ = open_ = 0;
  window_ = 1;
  most_ = std::max<uint64_t>(most, 1);
  widest_ = std::max<uint64_t>(most_ / 2, 1);
  doubles_ = TimePoint::max();
}

void CautiousIntake::got(bool counted) {
  if (!asked_) return;
  --asked_;
  ++open_;
  if (!counted) state_ = State::all;
}

void CautiousIntake::empty() {
  if (!asked_) return;
  --asked_;
  state_ = State::all;
}

void CautiousIntake::settled() {
  if (open_) --open_;
}

CautiousIntake::Next CautiousIntake::next(TimePoint now) {
  if (state_ == State::all) {
    if (asked_ || open_ >= most_) return Next::nothing;
    state_ = State::consuming;
    return Next::consume;
  }
  if (state_ != State::singly) return Next::nothing;
  if (doubles_ == TimePoint::max()) doubles_ = now + kUntilDoubled;
  for (; doubles_ <= now && window_ < widest_; doubles_ += kUntilDoubled) window_ = std::min(2 * window_, widest_);
  if (asked_ + open_ >= window_) return Next::nothing;
  ++asked_;
  return Next::get;
}

TimePoint CautiousIntake::due() const {
  bool waits = state_ == State::singly && asked_ + open_ >= window_ && window_ < widest_;
  return waits ? doubles_ : TimePoint::max();
}

}  // namespace mombridge::amqp
