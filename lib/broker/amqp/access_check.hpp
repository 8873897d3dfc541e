#pragma once
// What the bridge may do at a broker, found out without doing it.

#include <functional>
#include <string>
#include <vector>

#include "broker/access.hpp"
#include "broker/amqp/inquiry.hpp"
#include "broker/amqp/settings.hpp"

namespace mombridge::amqp {

/// BrokerKind::check_access.
std::vector<Finding> check_access(const config::BrokerSection& section, const std::vector<Sending>& sendings);

/// Asks a question and waits for the answer.
using Ask = std::function<Answer(const Question& question)>;

/// What becomes of everything that the bridge would use of a broker. `tries`: the questions that try something are
/// asked, too, because the broker is known to refuse them without effect.
std::vector<Finding> look_around(const Settings& settings, const std::vector<Sending>& sendings, bool tries,
                                 const Ask& ask);

/// How to give the permission that the broker misses, from its words: "access to queue 'q' in vhost '/' refused for
/// user 'u'". `pattern`: the one of configure, write and read that is about it. Empty: the words are about something
/// else.
/// `tokens`: the login is by token, whose scopes are the permissions.
std::string how_to_permit(const std::string& words, const std::string& pattern, bool tokens = false);

}  // namespace mombridge::amqp
