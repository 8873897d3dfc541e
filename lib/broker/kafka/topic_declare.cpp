#include "broker/kafka/topic_declare.hpp"

#include "base/log.hpp"

namespace mombridge::kafka {

namespace {

using NewTopic = Handle<rd_kafka_NewTopic_t, rd_kafka_NewTopic_destroy>;

constexpr int kCreateMs = 5000;

Result<bool> exists(rd_kafka_t* client, const std::string& topic, TimePoint deadline) {
  Topic handle(rd_kafka_topic_new(client, topic.c_str(), nullptr));
  auto metadata = ask_metadata(client, handle.get(), deadline);
  if (!metadata) return fail(metadata.error());
  auto code = (*metadata)->topic_cnt == 1 ? (*metadata)->topics[0].err : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
  if (code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC) return false;
  if (code) return fail(describe(code, {}));
  return true;
}

/// Whether the broker makes the topic, or only says whether it would.
enum class Create { really, only_validate };

/// Returns true if it was made, false if somebody else has made it.
Result<bool> create(rd_kafka_t* client, const std::string& topic, const TopicSpec& spec, TimePoint deadline,
                    Create how = Create::really) {
  char text[256] = "";
  NewTopic request(rd_kafka_NewTopic_new(topic.c_str(), spec.partitions, kDefaultNumber, text, sizeof text));
  if (!request) return fail(std::string(text));
  if (spec.retention)
    rd_kafka_NewTopic_set_config(request.get(), "retention.ms", std::to_string(spec.retention->count()).c_str());
  AdminOptions options(rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_CREATETOPICS));
  rd_kafka_AdminOptions_set_request_timeout(options.get(), kCreateMs, text, sizeof text);
  rd_kafka_AdminOptions_set_validate_only(options.get(), how == Create::only_validate, text, sizeof text);
  Queue answers(rd_kafka_queue_new(client));
  auto* one = request.get();
  rd_kafka_CreateTopics(client, &one, 1, options.get(), answers.get());
  Event event(rd_kafka_queue_poll(answers.get(), milliseconds_until(deadline, 2 * kCreateMs)));
  if (!event) return fail("no answer");
  if (auto code = rd_kafka_event_error(event.get()))
    return fail(describe(code, rd_kafka_event_error_string(event.get())));
  auto* result = rd_kafka_event_CreateTopics_result(event.get());
  size_t count = 0;
  auto** topics = result ? rd_kafka_CreateTopics_result_topics(result, &count) : nullptr;
  auto code = count == 1 ? rd_kafka_topic_result_error(topics[0]) : RD_KAFKA_RESP_ERR__BAD_MSG;
  if (!code || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) return !code;
  auto* why = count == 1 ? rd_kafka_topic_result_error_string(topics[0]) : nullptr;
  return fail(describe(code, why ? why : ""));
}

}  // namespace

Result<bool> declare_topic(rd_kafka_t* client, const std::string& topic, const TopicSpec& spec, TimePoint deadline) {
  // With a number of partitions it is made before it is asked for: a broker that makes topics by itself would make it
  // on being asked, with its own number.
  bool make_first = spec.partitions != kDefaultNumber;
  auto made = make_first ? create(client, topic, spec, deadline) : Result<bool>(false);
  if (!make_first || !made) {
    auto there = exists(client, topic, deadline);
    if (there && *there) return false;
    if (!there) return fail(there.error().in("topic " + topic));
    if (!make_first) made = create(client, topic, spec, deadline);
  }
  if (!made) return fail(made.error().in("cannot create topic " + topic));
  bool now = *made || !make_first;  // somebody else's, which was not there when it was asked for, is as new
  if (now) log::info("topic created", {{"topic", topic}});
  return now;
}

Result<> try_create_topic(rd_kafka_t* client, const std::string& topic, const TopicSpec& spec, TimePoint deadline) {
  auto would = create(client, topic, spec, deadline, Create::only_validate);
  return would ? Result<>{} : fail(would.error());
}

}  // namespace mombridge::kafka
