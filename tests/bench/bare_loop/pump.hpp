#pragma once
// What every at-least-once pump has to do, and nothing besides: a source that hands on and settles, a sink that sends
// and confirms. All of it runs on one thread.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <poll.h>
#include <string>
#include <string_view>
#include <vector>

struct amqp_basic_properties_t_;
struct rd_kafka_message_s;

namespace bare {

struct Settings {
  std::string amqp;     ///< a URL
  std::string servers;  ///< Kafka's bootstrap.servers
  std::string group = "bare-loop";
  std::string source, sink;  ///< a queue or a topic each
  uint64_t window = 10'000;  ///< messages that are sent and not confirmed, at most
  uint16_t prefetch = 2000;
  unsigned linger_ms = 5;
  unsigned rest_us = 0;  ///< after each round in which much was done, so that the next one does more at once
};

/// A message as its library gave it: one of `properties` (AMQP) and `record` (Kafka) is set. Everything is valid until
/// send() returns.
struct Message {
  std::string_view body;
  amqp_basic_properties_t_* properties = nullptr;
  rd_kafka_message_s* record = nullptr;
};

/// Messages are numbered from 1 on, in the order in which they are sent.
class Sink {
 public:
  Sink() = default;
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  virtual ~Sink() = default;

  virtual void send(uint64_t number, const Message& message) = 0;
  /// Returns false while so much waits to be written that nothing more should be read.
  [[nodiscard]] virtual bool has_room() const { return true; }
  /// Takes the confirms that are there.
  virtual void serve(bool readable) = 0;
  /// Writes what waits, as far as the socket takes it.
  virtual void flush() {}
  [[nodiscard]] virtual pollfd waits_for() const = 0;
  /// All messages up to this number are confirmed.
  [[nodiscard]] virtual uint64_t confirmed() const = 0;
};

class Source {
 public:
  Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  virtual ~Source() = default;

  /// Sends what is there, at most about `room` messages. Called in each round that has room, because a round may have
  /// ended before all was read, and then nothing announces the rest.
  virtual void read(Sink& sink, uint64_t room, bool readable) = 0;
  /// The number of the last message that it has sent.
  [[nodiscard]] virtual uint64_t sent() const = 0;
  /// Acknowledges all messages up to this number, now or with later ones.
  virtual void settle(uint64_t number) = 0;
  /// Acknowledges what settle() has put off, and closes in order.
  virtual void finish() = 0;
  /// `reading`: whether the next round will have room.
  [[nodiscard]] virtual pollfd waits_for(bool reading) const = 0;
};

/// How many acknowledgements are put off at most while more messages are under way.
constexpr uint64_t kAcknowledgeAtOnce = 256;

/// Confirms in any order, as the number up to which nothing is missing.
class Confirmations {
 public:
  /// No more than `window` numbers may be open at the same time.
  explicit Confirmations(uint64_t window) {
    uint64_t size = 1;
    while (size <= window) size *= 2;
    early_.resize(size);
  }
  void one(uint64_t number) {
    if (number == whole_ + 1)
      go_on_from(number);
    else if (number > whole_)
      early(number) = true;
  }
  void all_up_to(uint64_t number) {
    if (number <= whole_) return;
    for (auto n = whole_ + 1; n <= number; ++n) early(n) = false;
    go_on_from(number);
  }
  [[nodiscard]] uint64_t whole() const { return whole_; }

 private:
  char& early(uint64_t number) { return early_[number & (early_.size() - 1)]; }
  void go_on_from(uint64_t number) {
    for (whole_ = number; early(whole_ + 1); ++whole_) early(whole_ + 1) = false;
  }

  std::vector<char> early_;  ///< by number: confirmed before one that is lower
  uint64_t whole_ = 0;
};

std::unique_ptr<Source> amqp_source(const Settings& settings);
std::unique_ptr<Sink> amqp_sink(const Settings& settings);
std::unique_ptr<Source> kafka_source(const Settings& settings);
std::unique_ptr<Sink> kafka_sink(const Settings& settings);

[[noreturn]] inline void give_up(const std::string& why) {
  std::fprintf(stderr, "bare-loop: %s\n", why.c_str());
  std::_Exit(69);
}

}  // namespace bare
