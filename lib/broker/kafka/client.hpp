#pragma once
// What the consumer and the producer have in common: making a client, its events, questions to its cluster.

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/fd.hpp"
#include "base/result.hpp"
#include "broker/kafka/client_properties.hpp"
#include "broker/kafka/handles.hpp"
#include "broker/kafka/settings.hpp"

namespace mombridge::kafka {

/// Whether what the client says of itself goes to the log.
enum class ClientLog { on, silent };

/// The properties' defaults, then `librdkafka:`, then what is fixed. Fails with librdkafka's words where it refuses the
/// whole, and in ours where a file of `tls:` cannot be used, or where there is no token for a section with `token:`.
Result<Client> make_client(rd_kafka_type_t type, const Settings& settings, const ClientProperties& properties,
                           ClientLog log = ClientLog::on);

/// Takes in an error that the client got: where it is about the login or a permission, a newer token may be asked for.
/// Returns true if what is forbidden may be because of the login's age: as TokenFeed::run_out().
bool login_run_out(const rd_kafka_t* client, rd_kafka_resp_err_t code);

/// Whether the files of `tls:` are others than those that the client was made with.
bool tls_files_changed(const rd_kafka_t* client);

/// What the client goes by, defaults included; empty: not set.
std::string property_of(rd_kafka_t* client, const char* name);

/// For the queues' events: an eventfd that librdkafka writes to whenever a queue is no longer empty. Outlives the
/// queues that it watches.
class Signal {
 public:
  Signal();
  [[nodiscard]] int fd() const { return fd_.get(); }
  void watch(rd_kafka_queue_t* queue) const;
  void clear() const;

 private:
  Fd fd_;
};

/// "what the client says (CODE)".
std::string describe(rd_kafka_resp_err_t code, std::string_view text);

/// How long one question to the brokers takes at most before it is asked again.
inline constexpr int kQuestionMs = 1000;

/// The milliseconds until `deadline` as librdkafka's calls take them: at least 1, because less means something else to
/// some of them, and not more than `at_most`.
[[nodiscard]] int milliseconds_until(TimePoint deadline, int at_most);

/// Metadata of one topic, or with nullptr of those that the client knows, or of `all`. Blocks, at most for kQuestionMs
/// and not for long after the deadline.
Result<Metadata> ask_metadata(rd_kafka_t* client, rd_kafka_topic_t* topic, TimePoint deadline, bool all = false);

}  // namespace mombridge::kafka
