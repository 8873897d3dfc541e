#pragma once
// What the configuration wants of a broker, and what the broker says to it: `check --connect`.

#include <optional>
#include <string>
#include <vector>

#include "message/publication.hpp"

namespace mombridge {

/// Something that the configuration sends to a broker.
struct Sending {
  const PublishOptions* options = nullptr;  ///< as Publication's
  std::optional<std::string> target;        ///< absent: each message says its own
  bool reply = false;                       ///< the answer to a requester; whether one ever asks is not known
};

/// One line for people about something at a broker.
struct Finding {
  enum class State { ok, warning, failed };
  State state = State::ok;
  std::string text;  ///< "queue orders: there, may be read"; of a failure the broker's words, and how to mend it
};

/// Gathers what is found out about one thing. The worst of it is the finding's state.
class FindingText {
 public:
  /// "queue orders"
  explicit FindingText(std::string subject) : subject_(std::move(subject)) {}

  /// "may be read"
  void good(const std::string& what);
  void warn(const std::string& what);
  void fail(const std::string& what);
  /// Returns true if nothing was found out.
  [[nodiscard]] bool empty() const { return good_.empty() && bad_.empty(); }
  /// What is good, then the rest.
  [[nodiscard]] Finding finding() const;

 private:
  std::string subject_, good_, bad_;
  Finding::State state_ = Finding::State::ok;
};

/// A finding of a single sentence.
Finding ok(const std::string& subject, const std::string& what);
Finding failed(const std::string& subject, const std::string& what);

}  // namespace mombridge
