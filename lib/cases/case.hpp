#pragma once
// What a file of cases says: a message, and what a configuration is expected to make of it.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/config.hpp"

namespace mombridge::cases {

/// A value as the file has it.
struct Wanted {
  std::string name;                    ///< of the field or header
  std::optional<config::Typed> value;  ///< absent: `null`, so there shall be none
  config::Mark mark;
};

/// The message that comes.
struct Given {
  config::Text broker;
  std::optional<config::Text> through;  ///< the subscription's queue, exchange or topic; absent: the one that fits
  config::Text target;
  std::string body;
  bool tombstone = false;
  std::vector<std::pair<std::string, std::string>> properties;  ///< by the names of kProperties
  std::vector<std::pair<std::string, config::Typed>> headers;
  config::Mark mark;
};

/// A message that is expected; what is not named may be anything.
struct ExpectedMessage {
  std::vector<Wanted> fields;  ///< of kPlaces and kProperties, and `body`; values are text
  std::vector<Wanted> headers;
  config::Mark mark;
};

/// Messages that are expected, in any order, and no others.
struct ExpectedMessages {
  std::vector<ExpectedMessage> messages;
  config::Mark mark;
};

/// What is absent is not compared. What is lost, or waits for an operator, fails a case that does not expect it.
struct Expected {
  std::optional<std::vector<config::Text>> routes;
  std::optional<ExpectedMessages> sent;  ///< replies and dead letters are not among them
  std::optional<ExpectedMessages> reply;
  std::optional<ExpectedMessages> dead_letters;
  bool unrouted = false;
  config::Mark mark;
};

struct Case {
  std::string name;
  Given message;
  Expected expect;
  config::Mark mark;
};

}  // namespace mombridge::cases
