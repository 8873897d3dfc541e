#pragma once
// Why TLS or a login failed, in words that name the file, the peer's words and the remedy.

#include <string>
#include <string_view>

#include "broker/kafka/login.hpp"

namespace mombridge::kafka {

struct LoginError {
  std::string words;     ///< about the server, without its address; empty: the error is about something else
  bool refused = false;  ///< trying again at once cannot help: somebody must mend it first
  bool guess = false;    ///< the connection was closed without a word, which may have another cause
};

/// `what`: librdkafka's words about one connection, without the server's address. `verification`: what was wrong with
/// the server's certificate (VerificationErrors); empty: nothing is known.
LoginError explain_login(std::string_view what, const Login& login, const std::string& verification);

/// Returns true if a login failed only because its connection had ended already, which is said of that connection, too:
/// Kafka closes one whose login is too old, and the client had begun another on it.
bool login_was_overtaken(std::string_view text);

/// Returns true if an established connection was closed by the other side, without a reason. Where logins are by token,
/// each ends like this, because Kafka closes one whose login is too old; librdkafka warns of it where questions were on
/// their way, and asks them again.
bool ended_without_a_reason(std::string_view text);

}  // namespace mombridge::kafka
