#include "broker/access.hpp"

#include <algorithm>

namespace mombridge {

namespace {

void append(std::string& to, const char* separator, const std::string& what) {
  if (!to.empty()) to += separator;
  to += what;
}

}  // namespace

void FindingText::good(const std::string& what) { append(good_, ", ", what); }

void FindingText::warn(const std::string& what) {
  append(bad_, "; ", what);
  state_ = std::max(state_, Finding::State::warning);
}

void FindingText::fail(const std::string& what) {
  append(bad_, "; ", what);
  state_ = Finding::State::failed;
}

Finding FindingText::finding() const {
  auto text = good_;
  if (!bad_.empty()) append(text, "; ", bad_);
  return {state_, subject_ + ": " + text};
}

Finding ok(const std::string& subject, const std::string& what) { return {Finding::State::ok, subject + ": " + what}; }

Finding failed(const std::string& subject, const std::string& what) {
  return {Finding::State::failed, subject + ": " + what};
}

}  // namespace mombridge
