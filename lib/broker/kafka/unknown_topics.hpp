#pragma once
// Topics and partitions that the client says do not exist. A broker that has just started may say so without knowing
// (librdkafka #3513), so it is asked again before a message is refused.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/event_loop.hpp"
#include "broker/kafka/asker.hpp"
#include "broker/kafka/handles.hpp"
#include "message/publication.hpp"

namespace mombridge::kafka {

/// [the loop's thread alone]
class UnknownTopics {
 public:
  /// `found` takes a publication whose topic and partition exist after all.
  UnknownTopics(EventLoop& loop, Asker& asker, std::function<void(Publication&)> found)
      : loop_(loop), asker_(asker), found_(std::move(found)) {}

  /// Whom to ask; null while there is no client. Questions to an earlier one must have ended (Asker::wait()).
  void use(rd_kafka_t* client) { client_ = client; }
  /// Keeps the publication until its topic is known, then hands it to `found` or completes it as refused.
  void add(Publication& publication);
  [[nodiscard]] bool empty() const;
  /// Those that are kept, which are the caller's again.
  std::vector<Publication*> take();

 private:
  struct Doubt {
    std::vector<Publication*> publications;
    TimePoint asked{}, missing_until{};
    unsigned denials = 0;  ///< answers in a row that there is no such topic
    Outcome refusal;       ///< until then
  };
  struct Answer {
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR__TRANSPORT;
    int partitions = 0;
    std::string collides;  ///< a topic because of which this one cannot be made
  };

  static Answer ask(rd_kafka_t* client, const std::string& name);
  void ask_for(const std::string& name, Duration delay);
  void answered(const std::string& name, const Answer& answer);
  void exists(const std::string& name, int partitions);
  void missing(const std::string& name, Outcome refusal);

  EventLoop& loop_;
  Asker& asker_;
  std::function<void(Publication&)> found_;
  rd_kafka_t* client_ = nullptr;
  std::map<std::string, Doubt> doubts_;
};

}  // namespace mombridge::kafka
