#include "broker/kafka/group_refusal.hpp"

#include "broker/kafka/client.hpp"
#include "broker/kafka/permission.hpp"

namespace mombridge::kafka {

namespace {

std::string why(rd_kafka_resp_err_t code, const std::string& group, const std::string& principal) {
  switch (code) {
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
      return allow({"Read"}, "group", group, principal);
    case RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT:
      return "the broker does not allow so long or so short a session; set librdkafka: {session.timeout.ms: ...} "
             "within its group.min.session.timeout.ms and group.max.session.timeout.ms";
    case RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL:
      return "it has members of another kind, or with another partition.assignment.strategy; give the bridge a "
             "group_id of its own, or all members the same strategy";
    case RD_KAFKA_RESP_ERR_GROUP_MAX_SIZE_REACHED:
      return "it has as many members as the broker allows; raise its group.max.size, or stop another member";
    case RD_KAFKA_RESP_ERR_INVALID_GROUP_ID:
      return "the broker does not take its name; set another group_id";
    default:
      return {};
  }
}

}  // namespace

std::string why_not_joined(rd_kafka_resp_err_t code, const std::string& group, const std::string& principal,
                           std::string_view text) {
  auto reason = why(code, group, principal);
  return reason.empty() ? reason : "it may not be joined: " + reason + ": " + describe(code, text);
}

}  // namespace mombridge::kafka
