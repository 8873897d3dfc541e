#include "admin/rates.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <initializer_list>
#include <optional>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "admin/words.hpp"
#include "base/histogram.hpp"
#include "base/table.hpp"
#include "base/text.hpp"

namespace mombridge::admin {

namespace {

using Json = nlohmann::json;
using Rate = std::optional<double>;

template <class... Args>
std::string formatted(const char* format, Args... args) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), format, args...);
  return text.data();
}

std::string text_of(Rate rate) { return rate ? rate_text(*rate) : "-"; }

std::string bytes_of(Rate rate) { return rate ? bytes_text(*rate) : "-"; }

std::string text_of(std::optional<Duration> time) {
  if (!time) return "-";
  auto ms = std::chrono::duration<double, std::milli>(*time).count();
  if (*time >= Histogram::kBounds.back()) return "> 60 s";
  if (ms >= 1000) return formatted(ms < 9950 ? "%.1f s" : "%.0f s", ms / 1000);
  return formatted(ms < 9.95 ? "%.1f ms" : "%.0f ms", ms);
}

/// Finds the element of an array that says the same under these keys; null: there is none.
const Json* same(const Json& array, const Json& item, std::initializer_list<const char*> keys) {
  for (auto& other : array)
    if (std::ranges::all_of(keys, [&](auto* key) { return other.at(key) == item.at(key); })) return &other;
  return nullptr;
}

/// Rows with how much each does, so that the busiest come first.
class Ranked {
 public:
  Ranked(Table::Row head, size_t numbers) : table_(std::move(head), numbers) {}
  void add(Rate rate, std::vector<Table::Row> rows) { rows_.emplace_back(rate.value_or(0), std::move(rows)); }
  std::string text() {
    std::ranges::stable_sort(rows_, [](auto& a, auto& b) { return a.first > b.first; });
    for (auto& [rate, rows] : rows_)
      for (auto& row : rows) table_.add(std::move(row));
    return rows_.empty() ? std::string() : "\n" + table_.text();
  }

 private:
  Table table_;
  std::vector<std::pair<double, std::vector<Table::Row>>> rows_;
};

class Rates {
 public:
  /// `before` may be null.
  Rates(const Json* before, const Json& now) : before_(before), now_(now) {
    bool is_same = before && before->at("started_unix_ms") == now.at("started_unix_ms");
    if (is_same) seconds_ = (ms(now) - ms(*before)) / 1000;
  }

  std::string text() { return head() + links() + subscriptions() + routes() + handlers(); }

 private:
  static double ms(const Json& status) { return status.at("now_unix_ms").get<double>(); }

  /// How often `key` of `item` is counted in a second; `former` is the same thing before, or null.
  [[nodiscard]] Rate rate(const Json* former, const Json& item, const char* key) const {
    if (!former || seconds_ <= 0) return std::nullopt;
    auto difference = item.at(key).get<double>() - former->at(key).get<double>();
    return difference < 0 ? std::nullopt : Rate(difference / seconds_);
  }

  [[nodiscard]] const Json* former(const char* list, const Json& item, std::initializer_list<const char*> keys) const {
    return seconds_ > 0 ? same(before_->at(list), item, keys) : nullptr;
  }

  [[nodiscard]] std::optional<Duration> quantile(const Json* former, const Json& item, double share) const {
    if (!former || former->at("times").is_null() || item.at("times").is_null()) return std::nullopt;
    auto& from = former->at("times").at("counts");
    auto& to = item.at("times").at("counts");
    Histogram::Reading reading;
    for (size_t i = 0; i < reading.counts.size(); ++i)
      reading.counts[i] = to.at(i).get<uint64_t>() - from.at(i).get<uint64_t>();
    return reading.quantile(share);
  }

  [[nodiscard]] uint64_t sum(const char* list, const char* key) const {
    uint64_t all = 0;
    for (auto& item : now_.at(list)) all += item.at(key).get<uint64_t>();
    return all;
  }

  [[nodiscard]] std::string head() const {
    auto since = now_.at("now_unix_ms").get<int64_t>() - now_.at("started_unix_ms").get<int64_t>();
    auto& config = now_.at("config");
    return "mombridge " + text_in(now_.at("version")) + ", '" + text_in(now_.at("name")) +
           "': " + state_of_bridge(now_) + ", running for " + span(since) + "\nin flight " +
           std::to_string(sum("brokers", "in_flight")) + ", held " + std::to_string(sum("routes", "held")) +
           ", dead letters " + std::to_string(sum("routes", "dead_letters")) + ", unrouted " +
           count_in(now_.at("unrouted")) + ", memory " + memory_text(now_.at("memory")) + "\n" +
           (config.at("ok").get<bool>() ? "" : text_in(config.at("text")) + "\n");
  }

  /// Those that are not up.
  [[nodiscard]] std::string links() const {
    Table table({"BROKER", "LINK", "STATE", "REASON"});
    bool any = false;
    for (auto& link : now_.at("links")) {
      if (link.at("state") == "up") continue;
      any = true;
      table.add({text_in(link.at("broker")), text_in(link.at("link")), text_in(link.at("state")),
                 text_in(link.at("detail"))});
    }
    return any ? "\n" + table.text() : "";
  }

  [[nodiscard]] std::string subscriptions() const {
    Ranked rows({"BROKER", "SUBSCRIPTION", "MSG/S", "BYTES/S", "IN FLIGHT", "MEMORY"}, 2);
    for (auto& s : now_.at("subscriptions")) {
      auto* before = former("subscriptions", s, {"broker", "subscription"});
      auto received = rate(before, s, "received");
      rows.add(received, {{text_in(s.at("broker")), text_in(s.at("subscription")), text_of(received),
                           bytes_of(rate(before, s, "received_bytes")), count_in(s.at("in_flight")),
                           bytes_in(s.at("in_flight_bytes"))}});
    }
    return rows.text();
  }

  [[nodiscard]] std::string routes() const {
    Ranked rows({"ROUTE", "DESTINATION", "MSG/S", "IN FLIGHT", "HELD", "P50", "P99", "RETRIES/S", "DEAD/S"}, 2);
    for (auto& r : now_.at("routes")) {
      auto* before = former("routes", r, {"name"});
      std::vector<Table::Row> of_route;
      Rate all;
      for (auto& to : r.at("to")) {
        auto delivered = rate(before ? same(before->at("to"), to, {"destination"}) : nullptr, to, "delivered");
        if (delivered) all = all.value_or(0) + *delivered;
        if (of_route.empty())
          of_route.push_back({text_in(r.at("name")), text_in(to.at("destination")), text_of(delivered),
                              count_in(r.at("in_flight")), count_in(r.at("held")), text_of(quantile(before, r, 0.5)),
                              text_of(quantile(before, r, 0.99)), text_of(rate(before, r, "retries")),
                              text_of(rate(before, r, "dead_letters"))});
        else
          of_route.push_back({"", text_in(to.at("destination")), text_of(delivered)});
      }
      rows.add(all, std::move(of_route));
    }
    return rows.text();
  }

  [[nodiscard]] std::string handlers() const {
    Ranked rows({"HANDLER", "CALLS/S", "IN FLIGHT", "P50", "P99", "RETRIES/S", "REJECTS/S"}, 1);
    for (auto& h : now_.at("handlers")) {
      auto* before = former("handlers", h, {"name"});
      auto calls = rate(before, h, "calls");
      rows.add(calls, {{text_in(h.at("name")), text_of(calls), count_in(h.at("in_flight")),
                        text_of(quantile(before, h, 0.5)), text_of(quantile(before, h, 0.99)),
                        text_of(rate(before, h, "retries")), text_of(rate(before, h, "rejects"))}});
    }
    return rows.text();
  }

  const Json* before_;
  const Json& now_;
  double seconds_ = 0;  ///< between the two; 0: there is nothing to compare with
};

}  // namespace

Result<std::string> rate_tables(const std::string& before, const std::string& now) {
  try {
    auto present = Json::parse(now);
    if (before.empty()) return Rates(nullptr, present).text();
    auto former = Json::parse(before);
    return Rates(&former, present).text();
  } catch (const Json::exception& e) {
    return fail(std::string("the answer is no status of a bridge: ") + e.what());
  }
}

}  // namespace mombridge::admin
