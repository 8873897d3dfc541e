#include "routing/letter_round.hpp"

#include <algorithm>
#include <utility>

namespace mombridge::routing {

namespace {

constexpr Duration kLook = std::chrono::milliseconds(50);
constexpr Duration kFlush = std::chrono::seconds(1);

}  // namespace

/// One message on its way: a dead letter as it was, or a copy of it that goes to its queue's end.
class LetterRound::Sent final : public Publication {
 public:
  /// As it was.
  Sent(LetterRound& round, std::unique_ptr<StoredMessage> its, const LetterNotes& notes, LetterWay its_way)
      : stored(std::move(its)), way(std::move(its_way)), round_(round) {
    restored_.emplace(stored->message, notes, round.added_);
    message = &restored_->message();
    target = way.way.target;
    options = way.way.options.get();
    Publication::partition = way.partition;
    for (auto& [name, value] : way.way.headers) headers_.push_back({name, Value::of(value)});
    finish();
  }
  /// A copy.
  Sent(LetterRound& round, std::unique_ptr<StoredMessage> its) : stored(std::move(its)), copy(true), round_(round) {
    message = &stored->message;
    target = stored->copy_to;
    options = stored->copy_options;
    headers_.assign(stored->message.local.begin(), stored->message.local.end());
    finish();
  }

  void completed(Outcome what) noexcept override {
    std::lock_guard lock(round_.mutex_);
    outcome = std::move(what);
    round_.ended_.push_back(this);
    round_.changed_.notify_all();
  }

  std::unique_ptr<StoredMessage> stored;
  const LetterWay way;
  const bool copy = false;
  Outcome outcome;

 private:
  void finish() {
    key = message->key;
    headers = headers_;
  }

  LetterRound& round_;
  std::optional<RestoredMessage> restored_;
  std::vector<Header> headers_;
};

LetterRound::LetterRound(std::string place_broker, std::vector<std::string> added, LetterBrokers& brokers,
                         Limits limits, std::function<bool()> stopped)
    : place_broker_(std::move(place_broker)),
      added_(std::move(added)),
      brokers_(brokers),
      limits_(limits),
      stopped_(std::move(stopped)) {}

// run() lets nothing be in flight.
LetterRound::~LetterRound() = default;

Result<> LetterRound::run(Browser& browser, const Decide& decide, const Ended& ended) {
  auto gone_through = go_through(browser, decide, ended);
  auto finished = finish(browser, ended);
  auto written = browser.end();
  for (auto* result : {&gone_through, &finished})
    if (!*result) return *result;
  return written;
}

Result<> LetterRound::go_through(Browser& browser, const Decide& decide, const Ended& ended) {
  for (bool last = false; !stopped_() && !(last && !browser.must_read_on());) {
    auto next = browser.next();
    if (!next) return fail(next.error());
    if (!*next) return {};
    auto notes = LetterNotes::of((*next)->message);
    auto decision = last ? Decision() : decide(**next, notes);
    auto may = decision.way ? browser.may_remove() : Result<>();
    bool sends = decision.way && may;
    auto done = sends ? send(browser, std::move(*next), notes, std::move(*decision.way), ended)
                      : keep(browser, std::move(*next), ended);
    if (!done) return done;
    if (!may) return may;
    if (auto taken = take_ended(browser, ended); !taken) return taken;
    last = last || decision.last;
  }
  return {};
}

Result<> LetterRound::send(Browser& browser, std::unique_ptr<StoredMessage> stored, const LetterNotes& notes,
                           LetterWay way, const Ended& ended) {
  auto broker = brokers_.connect(way.broker);
  if (!broker) {
    auto why = fail(broker.error());
    if (auto kept = keep(browser, std::move(stored), ended); !kept) return kept;
    return why;
  }
  if (auto turn = await_turn(browser, ended); !turn) return turn;
  if (stopped_()) return keep(browser, std::move(stored), ended);
  return hand_over(browser, **broker, std::make_unique<Sent>(*this, std::move(stored), notes, std::move(way)), ended);
}

Result<> LetterRound::keep(Browser& browser, std::unique_ptr<StoredMessage> stored, const Ended& ended) {
  if (stored->copy_to.empty()) return {};
  auto broker = brokers_.connect(place_broker_);
  if (!broker) return fail(broker.error());
  if (why_moved_.empty()) why_moved_ = stored->why;
  return hand_over(browser, **broker, std::make_unique<Sent>(*this, std::move(stored)), ended);
}

Result<> LetterRound::hand_over(Browser& browser, Broker& broker, std::unique_ptr<Sent> sent, const Ended& ended) {
  auto bytes = sent->stored->message.body.size();
  if (auto room = await_room(browser, bytes, ended); !room) return room;
  bytes_ += bytes;
  auto& publication = *in_flight_.emplace_back(std::move(sent));
  broker.publish(publication);
  return {};
}

Result<> LetterRound::await_room(Browser& browser, size_t bytes, const Ended& ended) {
  auto end = Clock::now() + limits_.patience;
  while (in_flight_.size() >= limits_.most || (!in_flight_.empty() && bytes_ + bytes > limits_.most_bytes)) {
    auto before = in_flight_.size();
    wait(end);
    if (auto taken = take_ended(browser, ended); !taken) return taken;
    if (in_flight_.size() < before) end = Clock::now() + limits_.patience;
    if (Clock::now() >= end) return fail("no confirm within the patience of a replay");
  }
  return {};
}

Result<> LetterRound::await_turn(Browser& browser, const Ended& ended) {
  if (limits_.rate <= 0) return {};
  while (Clock::now() < turn_ && !stopped_()) {
    wait(std::min(turn_, Clock::now() + kLook));
    if (auto taken = take_ended(browser, ended); !taken) return taken;
  }
  turn_ = std::max(turn_, Clock::now() - kLook) +
          std::chrono::duration_cast<Duration>(std::chrono::duration<double>(1 / limits_.rate));
  return {};
}

void LetterRound::wait(TimePoint until) {
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, until, [&] { return !ended_.empty(); });
}

Result<> LetterRound::take_ended(Browser& browser, const Ended& ended) {
  std::vector<Sent*> these;
  {
    std::lock_guard lock(mutex_);
    these.swap(ended_);
  }
  Result<> all;
  for (auto* one : these) {
    auto at = std::ranges::find(in_flight_, one, &std::unique_ptr<Sent>::get);
    auto sent = std::move(*at);
    in_flight_.erase(at);
    bytes_ -= sent->stored->message.body.size();
    if (auto settled = settle(browser, std::move(sent), ended); !settled && all) all = settled;
  }
  if (all && !these.empty() && (limits_.most == 1 || Clock::now() - flushed_ > kFlush)) {
    flushed_ = Clock::now();
    all = browser.flush();
  }
  return all;
}

Result<> LetterRound::settle(Browser& browser, std::unique_ptr<Sent> sent, const Ended& ended) {
  auto& outcome = sent->outcome;
  bool delivered = outcome.kind == Outcome::Kind::delivered;
  if (sent->copy) {
    if (!delivered) return fail("a copy could not be put at the end of the queue: " + outcome.reason);
    ++moved_;
    return browser.remove(*sent->stored);
  }
  ended(*sent->stored, sent->way.text(), delivered ? std::string() : outcome.reason);
  return delivered ? browser.remove(*sent->stored) : keep(browser, std::move(sent->stored), ended);
}

// What is not confirmed in time is given up, which its brokers must be told before it can be let go of.
Result<> LetterRound::finish(Browser& browser, const Ended& ended) {
  Result<> all;
  auto end = Clock::now() + limits_.patience;
  bool stopped = false;
  while (!in_flight_.empty()) {
    auto before = in_flight_.size();
    wait(end);
    if (auto taken = take_ended(browser, ended); !taken && all) all = taken;
    if (in_flight_.size() < before) end = Clock::now() + limits_.patience;
    if (in_flight_.empty() || Clock::now() < end) continue;
    if (!std::exchange(stopped, true)) brokers_.stop();
    end = Clock::now() + kFlush;
  }
  return all;
}

}  // namespace mombridge::routing
