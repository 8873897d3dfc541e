#pragma once
// Goes through the dead letters of one place, and sends those on that somebody wants to be sent.

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "broker/broker.hpp"
#include "broker/browser.hpp"
#include "routing/letter_notes.hpp"
#include "routing/letter_way.hpp"

namespace mombridge::routing {

/// What letters are sent through; they outlive the round.
class LetterBrokers {
 public:
  /// Connected when it returns. Fails with the reason where it cannot be reached.
  virtual Result<Broker*> connect(const std::string& name) = 0;
  /// Stops all of them: what is not confirmed is given up, and none can be connected any more.
  virtual void stop() = 0;

 protected:
  ~LetterBrokers() = default;
};

/// For one thread, and one call of run().
class LetterRound {
 public:
  /// What to do with a dead letter.
  struct Decision {
    std::optional<LetterWay> way;  ///< absent: it stays
    bool last = false;             ///< no further one is read
  };
  using Decide = std::function<Decision(const StoredMessage& stored, const LetterNotes& notes)>;

  /// Hears what became of what was sent. `why`: empty where it is confirmed.
  using Ended = std::function<void(const StoredMessage& stored, const std::string& way, const std::string& why)>;

  struct Limits {
    double rate = 0;  ///< a second; 0: none
    /// On their way at a time: so many may be sent twice if the process is killed.
    size_t most = 1;
    size_t most_bytes = 64ull << 20;
    Duration patience = std::chrono::seconds(30);  ///< for a confirm
  };

  /// `place_broker`: where the dead letters are. `added` as RestoredMessage's. `stopped` is asked between any two
  /// letters: what is on its way is waited for, and then the round ends.
  LetterRound(std::string place_broker, std::vector<std::string> added, LetterBrokers& brokers, Limits limits,
              std::function<bool()> stopped);
  ~LetterRound();
  LetterRound(const LetterRound&) = delete;
  LetterRound& operator=(const LetterRound&) = delete;

  /// A letter is removed when what was sent is confirmed, and stays in every other case. One that its queue may drop
  /// when it is given back is removed when a copy of it stands at the queue's end. Fails where it cannot go on; what
  /// was confirmed is removed even then.
  Result<> run(Browser& browser, const Decide& decide, const Ended& ended);

  /// So many letters were put at the end of their queue, because it may drop them otherwise; why the first was.
  [[nodiscard]] size_t moved() const { return moved_; }
  [[nodiscard]] const std::string& why_moved() const { return why_moved_; }

 private:
  class Sent;

  Result<> go_through(Browser& browser, const Decide& decide, const Ended& ended);
  Result<> send(Browser& browser, std::unique_ptr<StoredMessage> stored, const LetterNotes& notes, LetterWay way,
                const Ended& ended);
  Result<> keep(Browser& browser, std::unique_ptr<StoredMessage> stored, const Ended& ended);
  Result<> hand_over(Browser& browser, Broker& broker, std::unique_ptr<Sent> sent, const Ended& ended);
  /// Does what the outcomes that are here say.
  Result<> take_ended(Browser& browser, const Ended& ended);
  Result<> settle(Browser& browser, std::unique_ptr<Sent> sent, const Ended& ended);
  /// Waits until `until`, or until something has ended.
  void wait(TimePoint until);
  Result<> await_turn(Browser& browser, const Ended& ended);
  Result<> await_room(Browser& browser, size_t bytes, const Ended& ended);
  Result<> finish(Browser& browser, const Ended& ended);

  const std::string place_broker_;
  const std::vector<std::string> added_;
  LetterBrokers& brokers_;
  const Limits limits_;
  const std::function<bool()> stopped_;
  std::vector<std::unique_ptr<Sent>> in_flight_;
  size_t bytes_ = 0;  ///< of those
  TimePoint turn_{}, flushed_{};
  size_t moved_ = 0;
  std::string why_moved_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Sent*> ended_;  ///< under mutex_
};

}  // namespace mombridge::routing
