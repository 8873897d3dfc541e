#pragma once
// Why a group does not take its member, in words that say what to mend.

#include <string>
#include <string_view>

#include <librdkafka/rdkafka.h>

namespace mombridge::kafka {

/// What to say of an error that the group's coordinator gave to a member that wants to join; `text` is the client's
/// own, `principal` as Login gives it. Empty: the error is of another kind, or passes by itself.
std::string why_not_joined(rd_kafka_resp_err_t code, const std::string& group, const std::string& principal,
                           std::string_view text);

}  // namespace mombridge::kafka
