#include "broker/kafka/static_member.hpp"

#include <string_view>

namespace mombridge::kafka {

namespace {

constexpr int kAskMs = 3000;

/// "client HOST/ID" of the member with that instance id; empty: none.
std::string member_of(const rd_kafka_ConsumerGroupDescription_t* group, const std::string& instance) {
  for (size_t i = 0; i < rd_kafka_ConsumerGroupDescription_member_count(group); ++i) {
    auto* member = rd_kafka_ConsumerGroupDescription_member(group, i);
    auto* id = rd_kafka_MemberDescription_group_instance_id(member);
    if (!id || instance != id) continue;
    return std::string("client ") + rd_kafka_MemberDescription_client_id(member) + " at " +
           rd_kafka_MemberDescription_host(member);
  }
  return {};
}

}  // namespace

bool StaticMember::note(rd_kafka_t* client, rd_kafka_resp_err_t fatal) {
  if (fatal != RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID) return false;
  instance_ = property_of(client, "group.instance.id");
  return fenced_ = true;
}

std::string StaticMember::reason() const {
  return "fenced: another member of group " + group_ + " has the same group.instance.id, " + instance_ +
         "; each replica needs one of its own, as in group.instance.id: ${env:HOSTNAME}";
}

Result<> StaticMember::ask_free(rd_kafka_t* client, TimePoint deadline) const {
  char text[256] = "";
  AdminOptions options(rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS));
  rd_kafka_AdminOptions_set_request_timeout(options.get(), kAskMs, text, sizeof text);
  Queue answers(rd_kafka_queue_new(client));
  const char* group = group_.c_str();
  rd_kafka_DescribeConsumerGroups(client, &group, 1, options.get(), answers.get());
  Event event(rd_kafka_queue_poll(answers.get(), milliseconds_until(deadline, 2 * kAskMs)));
  auto cannot = [&](const std::string& why) {
    return fail(reason() + " (who is in the group cannot be read: " + why + ")");
  };
  if (!event) return cannot("no answer");
  if (auto code = rd_kafka_event_error(event.get()))
    return cannot(describe(code, rd_kafka_event_error_string(event.get())));
  size_t count = 0;
  auto* result = rd_kafka_event_DescribeConsumerGroups_result(event.get());
  auto** groups = result ? rd_kafka_DescribeConsumerGroups_result_groups(result, &count) : nullptr;
  if (count != 1) return cannot("no such group in the answer");
  if (auto* error = rd_kafka_ConsumerGroupDescription_error(groups[0]))
    return cannot(describe(rd_kafka_error_code(error), rd_kafka_error_string(error)));
  auto other = member_of(groups[0], instance_);
  if (other.empty()) return {};
  return fail(reason() + " (" + other + ")");
}

}  // namespace mombridge::kafka
