#pragma once
// Topics and partitions that the client says do not exist. A broker that has just started may say so without knowing
// (librdkafka #3513), so it is asked again before a message is refused.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/event_loop.hpp"
#include "base/inbox.hpp"
#include "broker/blocking_calls.hpp"
#include "broker/kafka/client_end.hpp"
#include "message/publication.hpp"

namespace mombridge::kafka {

/// For the loop's thread, but for post().
class UnknownTopics {
 public:
  /// `found` takes a publication whose topic and partition exist after all. `principal`: Login::principal(). Loop and
  /// calls outlive this.
  UnknownTopics(EventLoop& loop, BlockingCalls& calls, std::string principal, std::function<void(Publication&)> found)
      : loop_(loop), principal_(std::move(principal)), caller_(calls, loop), found_(std::move(found)) {}

  /// The client to ask; null: there is none, and what is kept waits for the next.
  void use(SharedClient client);
  /// Keeps the publication until its topic is known, then hands it to `found` or completes it as refused.
  void add(Publication& publication);
  /// [any thread] The same, on the loop's thread, by take_posted().
  void post(Publication& publication) noexcept;
  void take_posted();
  [[nodiscard]] bool empty() const;
  [[nodiscard]] bool has_posted() const { return !posted_.empty(); }
  /// Those that are kept, which are the caller's again.
  std::vector<Publication*> take();

 private:
  struct TopicState {
    std::vector<Publication*> publications;
    TimePoint asked{}, missing_until{};
    bool asking = false;   ///< an answer is on its way
    unsigned denials = 0;  ///< answers in a row that there is no such topic
    Outcome refusal;       ///< until then
  };
  struct Answer {
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR__TRANSPORT;
    int partitions = 0;
    std::string collides;  ///< a topic because of which this one cannot be made
  };

  static Answer ask(rd_kafka_t* client, const std::string& name, TimePoint deadline);
  void ask_for(const std::string& name, Duration delay);
  void answered(const std::string& name, const Answer& answer);
  void exists(const std::string& name, int partitions);
  void missing(const std::string& name, Outcome refusal);

  EventLoop& loop_;
  const std::string principal_;
  BlockingCaller caller_;
  std::function<void(Publication&)> found_;
  SharedClient client_;
  std::map<std::string, TopicState> topics_;
  Inbox<Publication> posted_;
};

}  // namespace mombridge::kafka
