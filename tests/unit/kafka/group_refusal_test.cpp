#include "broker/kafka/group_refusal.hpp"

#include <gmock/gmock.h>

namespace mombridge::kafka {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

std::string why(rd_kafka_resp_err_t code) { return why_not_joined(code, "g1", "User:bridge", "JoinGroup failed: no"); }

TEST(GroupRefusal, SaysWhatToMendAndWhatTheClientSaid) {
  EXPECT_THAT(why(RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT),
              AllOf(StartsWith("it may not be joined: "), HasSubstr("session.timeout.ms"),
                    HasSubstr("group.max.session.timeout.ms"), HasSubstr("JoinGroup failed: no")));
  EXPECT_THAT(why(RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL),
              AllOf(HasSubstr("partition.assignment.strategy"), HasSubstr("group_id")));
  EXPECT_THAT(why(RD_KAFKA_RESP_ERR_GROUP_MAX_SIZE_REACHED), HasSubstr("group.max.size"));
  EXPECT_THAT(why(RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED),
              HasSubstr("--allow-principal User:bridge --operation Read --group g1"));
  EXPECT_THAT(why(RD_KAFKA_RESP_ERR_INVALID_GROUP_ID), HasSubstr("group_id"));
}

TEST(GroupRefusal, LeavesOtherErrorsToOthers) {
  for (auto code : {RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS, RD_KAFKA_RESP_ERR__TRANSPORT,
                    RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR_NOT_COORDINATOR})
    EXPECT_EQ(why(code), "");
}

}  // namespace
}  // namespace mombridge::kafka
