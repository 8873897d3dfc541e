#include "cases/compare.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>

#include "base/text.hpp"
#include "cases/fields.hpp"
#include "config/node.hpp"
#include "routing/dead_letter_names.hpp"

namespace mombridge::cases {

namespace {

constexpr size_t kLongestShown = 300;  ///< bytes of one value

std::string shown(std::string_view text) { return "'" + printable(text, kLongestShown) + "'"; }

std::string text_of(const config::Typed& typed) {
  struct Visitor {
    std::string operator()(bool v) const { return v ? "true" : "false"; }
    std::string operator()(int64_t v) const { return std::to_string(v); }
    std::string operator()(double v) const { return *scalar_text(Value::of_real(v)); }
    std::string operator()(const std::string& v) const { return v; }
  };
  return std::visit(Visitor{}, typed);
}

std::string shown(const Wanted& wanted) {
  if (!wanted.value) return wanted.name + ": (none)";
  bool text = std::holds_alternative<std::string>(*wanted.value);
  return wanted.name + ": " + (text ? shown(text_of(*wanted.value)) : text_of(*wanted.value));
}

std::string shown(const std::string& name, const Sent::Header* header) {
  if (!header) return name + ": (none)";
  if (!header->text) return name + (header->kind == Value::Kind::table ? ": (a table)" : ": (an array)");
  bool text = header->kind == Value::Kind::string || header->kind == Value::Kind::bytes;
  return name + ": " + (text ? shown(*header->text) : *header->text);
}

bool same_type(const config::Typed& wanted, Value::Kind kind) {
  bool text = kind == Value::Kind::string || kind == Value::Kind::bytes;
  bool boolean = kind == Value::Kind::boolean;
  if (std::holds_alternative<std::string>(wanted)) return text;
  if (std::holds_alternative<bool>(wanted)) return boolean;
  return !text && !boolean;
}

bool equal(const Wanted& wanted, const Sent::Header* header) {
  if (!wanted.value || !header) return !wanted.value && !header;
  return header->text && same_type(*wanted.value, header->kind) && *header->text == text_of(*wanted.value);
}

/// What is different of one message.
std::vector<Difference> differences(const ExpectedMessage& expected, const Sent& sent, const std::string& where) {
  std::vector<Difference> found;
  for (auto& field : expected.fields) {
    auto* value = sent.field(field.name);
    bool same = field.value ? value && *value == text_of(*field.value) : !value;
    if (!same)
      found.push_back(
          {field.mark, where, {shown(field)}, {value ? field.name + ": " + shown(*value) : field.name + ": (none)"}});
  }
  for (auto& header : expected.headers) {
    auto* value = sent.header(header.name);
    if (!equal(header, value))
      found.push_back({header.mark, where, {"header " + shown(header)}, {"header " + shown(header.name, value)}});
  }
  return found;
}

std::string place_of(const Sent& sent) { return *sent.field("broker") + "/" + *sent.field("target"); }

std::string place_of(const ExpectedMessage& message) {
  std::string broker = "*", target = "*";
  for (auto& field : message.fields)
    if (field.value && (field.name == "broker" || field.name == "target"))
      (field.name == "broker" ? broker : target) = text_of(*field.value);
  return broker + "/" + target;
}

std::string line_of(const Sent& sent) {
  std::string line = place_of(sent);
  if (auto* key = sent.field("key")) line += ", key " + shown(*key);
  if (auto* body = sent.field(kBody)) line += ", body " + shown(*body);
  if (auto* reason = sent.header(routing::dead::kReason); reason && reason->text) line += ", because " + *reason->text;
  return line;
}

/// Pairs expected messages with those that were sent, as their order says nothing, and reports what is different,
/// missing and too much.
class Matching {
 public:
  Matching(const ExpectedMessages& expected, const std::vector<Sent>& sent, std::string what)
      : expected_(expected), sent_(sent), what_(std::move(what)), taken_by_(sent.size(), kNobody) {}

  std::vector<Difference> run() {
    auto& messages = expected_.messages;
    std::vector<size_t> unmet;
    for (size_t i = 0; i < messages.size(); ++i)
      if (std::vector<bool> seen(sent_.size()); !pair(i, seen)) unmet.push_back(i);
    for (size_t i : unmet) explain(messages[i]);
    for (size_t s = 0; s < sent_.size(); ++s)
      if (taken_by_[s] == kNobody)
        found_.push_back({expected_.mark, what_ + ": one more than expected", {}, {line_of(sent_[s])}});
    return std::move(found_);
  }

 private:
  static constexpr size_t kNobody = SIZE_MAX, kUnequal = SIZE_MAX - 1;

  /// Finds an equal message for the expected one, perhaps one whose taker finds another (Kuhn's augmenting paths).
  bool pair(size_t i, std::vector<bool>& seen) {
    for (size_t s = 0; s < sent_.size(); ++s) {
      if (seen[s] || !differences(expected_.messages[i], sent_[s], "").empty()) continue;
      seen[s] = true;
      if (taken_by_[s] != kNobody && !pair(taken_by_[s], seen)) continue;
      taken_by_[s] = i;
      return true;
    }
    return false;
  }

  /// Shows the message beside the one that is most like it among those that nobody has taken.
  void explain(const ExpectedMessage& message) {
    std::vector<Difference> least;
    size_t nearest = kNobody;
    for (size_t s = 0; s < sent_.size(); ++s) {
      if (taken_by_[s] != kNobody) continue;
      auto all = differences(message, sent_[s], what_ + ", " + place_of(sent_[s]));
      if (nearest != kNobody && all.size() >= least.size()) continue;
      nearest = s;
      least = std::move(all);
    }
    if (nearest == kNobody) {
      found_.push_back({message.mark, what_ + ": missing", {place_of(message)}, {}});
      return;
    }
    taken_by_[nearest] = kUnequal;
    std::ranges::move(least, std::back_inserter(found_));
  }

  const ExpectedMessages& expected_;
  const std::vector<Sent>& sent_;
  const std::string what_;
  std::vector<size_t> taken_by_;  ///< for each that was sent: the place of the expected message
  std::vector<Difference> found_;
};

void add(std::vector<Difference>& to, std::vector<Difference> more) { std::ranges::move(more, std::back_inserter(to)); }

void compare_routes(const Expected& expected, const Happened& happened, std::vector<Difference>& found) {
  if (!expected.routes) return;
  std::vector<std::string> names;
  for (auto& route : *expected.routes) names.push_back(route.value);
  auto sorted = [](std::vector<std::string> list) {
    std::ranges::sort(list);
    return list;
  };
  if (sorted(names) == sorted(happened.routes)) return;
  auto mark = expected.routes->empty() ? expected.mark : expected.routes->front().mark;
  auto one = [](const std::vector<std::string>& list) {
    std::string line;
    for (auto& name : list) line += (line.empty() ? "" : ", ") + name;
    return std::vector<std::string>{line.empty() ? "(none)" : line};
  };
  found.push_back({mark, "routes", one(names), one(happened.routes)});
}

void compare_end(const Expected& expected, const Happened& happened, const std::string& patience,
                 std::vector<Difference>& found) {
  bool unrouted = happened.routes.empty();
  if (expected.unrouted != unrouted && !expected.routes)
    found.push_back({expected.mark,
                     "unrouted",
                     {expected.unrouted ? "no route takes it" : "a route takes it"},
                     {unrouted ? "no route takes it" : "route '" + happened.routes.front() + "' takes it"}});
  if (happened.end == Happened::End::held)
    found.push_back(
        {expected.mark, "end", {"settled"}, {"held: a destination refuses it, and there is no dead letter"}});
  if (happened.end == Happened::End::pending)
    found.push_back(
        {expected.mark, "end", {"settled"}, {"not settled within " + patience + ": a handler that waits?"}});
}

}  // namespace

std::string Difference::text() const {
  std::string text = config::place(mark) + ":" + std::to_string(mark.column) + ": " + printable(what) + "\n";
  for (auto& line : expected) text += "    - " + printable(line) + "\n";
  for (auto& line : happened) text += "    + " + printable(line) + "\n";
  return text;
}

std::vector<Difference> compare(const Case& of, const Happened& happened, const std::string& patience) {
  auto& expected = of.expect;
  std::vector<Difference> found;
  compare_routes(expected, happened, found);
  compare_end(expected, happened, patience, found);
  if (expected.sent) add(found, Matching(*expected.sent, happened.sent, "sent").run());
  if (expected.reply) add(found, Matching(*expected.reply, happened.replies, "reply").run());
  // A message that ends there is never what a case passes over.
  const ExpectedMessages none{{}, expected.mark};
  if (expected.dead_letters || !expected.unrouted)
    add(found,
        Matching(expected.dead_letters ? *expected.dead_letters : none, happened.dead_letters, "dead_letters").run());
  std::ranges::stable_sort(found, {}, [](auto& d) { return std::pair(d.mark.line, d.mark.column); });
  return found;
}

}  // namespace mombridge::cases
