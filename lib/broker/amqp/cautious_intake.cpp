#include "broker/amqp/cautious_intake.hpp"

#include <algorithm>
#include <utility>

namespace mombridge::amqp {

namespace {
constexpr Duration kUntilDoubled = std::chrono::seconds(1);  ///< one that ends the process has done so by then
}

void CautiousIntake::begin(bool careful, uint64_t most) {
  state_ = std::exchange(refused_, false) || !careful ? State::all : State::singly;
  open_ = 0;
  window_ = 1;
  most_ = std::max<uint64_t>(most, 1);
}

void CautiousIntake::got(bool counted, TimePoint now) {
  if (state_ != State::asked) return;
  state_ = counted ? State::singly : State::all;
  ++open_;
  since_ = now;
}

void CautiousIntake::empty() {
  if (state_ == State::asked) state_ = State::all;
}

void CautiousIntake::settled(TimePoint now) {
  if (!open_) return;
  --open_;
  since_ = now;
}

CautiousIntake::Next CautiousIntake::next(TimePoint now) {
  if (state_ == State::all) {
    if (open_ >= most_) return Next::nothing;
    state_ = State::consuming;
    return Next::consume;
  }
  if (now >= due()) {
    window_ = std::min(2 * window_, most_);
    since_ = now;
  }
  if (state_ != State::singly || open_ >= window_) return Next::nothing;
  state_ = State::asked;
  return Next::get;
}

TimePoint CautiousIntake::due() const {
  bool waits = state_ == State::singly && open_ >= window_ && window_ < most_;
  return waits ? since_ + kUntilDoubled : TimePoint::max();
}

}  // namespace mombridge::amqp
