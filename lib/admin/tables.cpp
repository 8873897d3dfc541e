#include "admin/tables.hpp"

#include <cstdint>

#include <nlohmann/json.hpp>

#include "admin/words.hpp"
#include "base/table.hpp"
#include "base/text.hpp"

namespace mombridge::admin {

namespace {

using Json = nlohmann::json;

class Report {
 public:
  explicit Report(const Json& status) : status_(status), now_(status.at("now_unix_ms").get<int64_t>()) {}

  std::string text() {
    return head() + "\n" + links() + "\n" + sources() + "\n" + routes() + workers() + ingress() + errors() + stalls();
  }

 private:
  std::string head() {
    auto& config = status_.at("config");
    return "mombridge " + text_in(status_.at("version")) + ", '" + text_in(status_.at("name")) +
           "': " + state_of_bridge(status_) + ", running for " + since(status_.at("started_unix_ms")) +
           "\nconfiguration: " + text_in(config.at("text")) + ", " + since(config.at("loaded_unix_ms")) + " ago\n" +
           drained();
  }

  std::string drained() {
    std::string text;
    for (auto& section : status_.at("drained")) text += (text.empty() ? "drained: " : ", ") + text_in(section);
    return text.empty() ? text : text + "\n";
  }

  std::string links() {
    Table table({"BROKER", "LINK", "STATE", "SINCE", "DETAIL"});
    for (auto& link : status_.at("links"))
      table.add({text_in(link.at("broker")), text_in(link.at("link")), text_in(link.at("state")),
                 since(link.at("since_unix_ms")), text_in(link.at("detail"))});
    return table.text();
  }

  std::string sources() {
    Table table({"BROKER", "SUBSCRIPTION", "RECEIVED", "IN FLIGHT", "MEMORY", "WAITING", "STATE"});
    for (auto& s : status_.at("subscriptions"))
      table.add({text_in(s.at("broker")), text_in(s.at("subscription")), count_in(s.at("received")),
                 count_in(s.at("in_flight")), bytes_in(s.at("in_flight_bytes")),
                 s.at("waiting").is_null() ? "" : count_in(s.at("waiting")), s.at("drained") ? "drained" : ""});
    auto& memory = status_.at("memory");
    auto pushed = memory.at("pushed_bytes").get<uint64_t>();
    return table.text() + "memory: " + memory_text(memory) + ", and " + bytes_in(memory.at("reserved_bytes")) +
           " of it set aside for fetching ahead" +
           (pushed ? ", " + bytes_in(memory.at("pushed_bytes")) + " from handlers and over HTTP" : "") + "\n";
  }

  std::string routes() {
    Table table({"ROUTE", "DESTINATION", "DELIVERED", "IN FLIGHT", "HELD", "RETRIES", "DEAD LETTERS", "RATE"});
    for (auto& route : status_.at("routes")) {
      bool first = true;
      for (auto& to : route.at("to")) {
        auto of_route = [&](const char* key) { return first ? count_in(route.at(key)) : std::string(); };
        table.add({first ? text_in(route.at("name")) : "", text_in(to.at("destination")), count_in(to.at("delivered")),
                   of_route("in_flight"), of_route("held"), of_route("retries"), of_route("dead_letters"),
                   first ? rate(route) : ""});
        first = false;
      }
    }
    return table.text();
  }

  std::string ingress() {
    auto found = status_.find("ingress");
    if (found == status_.end()) return {};
    Table table({"INGRESS", "OUTCOME", "REQUESTS"});
    for (auto& ended : found->at("ended")) {
      auto broker = text_in(ended.at("broker"));
      table.add({broker.empty() ? "(none)" : broker, text_in(ended.at("outcome")), count_in(ended.at("requests"))});
    }
    return "\ningress at " + text_in(found->at("listen")) + ": " + count_in(found->at("open")) + " requests open, " +
           count_in(found->at("connections")) + " connections\n" + table.text();
  }

  static std::string rate(const Json& route) {
    if (route.at("rate").is_null()) return "";
    return text_in(route.at("rate")) + (route.at("limited") ? ", limits now" : "");
  }

  std::string workers() {
    Table table({"HANDLER", "WORKER", "PID", "SINCE", "RESTARTS", "LAST END"});
    bool any = false;
    for (auto& handler : status_.at("handlers")) {
      auto& worker = handler.at("worker");
      if (worker.is_null()) {
        any = add_stuck(table, handler) || any;
        continue;
      }
      auto& end = worker.at("last_end");
      table.add({text_in(handler.at("name")), text_in(worker.at("state")),
                 worker.at("pid").is_null() ? "" : count_in(worker.at("pid")), since(worker.at("since_unix_ms")),
                 count_in(worker.at("restarts")), end.is_null() ? "" : text_in(end.at("text"))});
      any = true;
    }
    return any ? "\n" + table.text() : "";
  }

  /// A handler in the bridge's own process has a row where threads of it do not come back.
  static bool add_stuck(Table& table, const Json& handler) {
    auto& threads = handler.at("threads");
    if (threads.is_null() || threads.at("written_off") == 0) return false;
    table.add({text_in(handler.at("name")), "in the bridge", "", "", "",
               count_in(threads.at("written_off")) + " of " + count_in(threads.at("all")) + " threads do not return"});
    return true;
  }

  std::string errors() {
    std::string text;
    for (auto& route : status_.at("routes"))
      if (auto& error = route.at("last_error"); !error.is_null())
        text += "last error of " + text_in(route.at("name")) + ", " + since(error.at("at_unix_ms")) +
                " ago: " + text_in(error.at("text")) + "\n";
    if (auto unrouted = status_.at("unrouted").get<uint64_t>())
      text += "messages that no route took: " + std::to_string(unrouted) + "\n";
    return text.empty() ? text : "\n" + text;
  }

  std::string stalls() {
    std::string text;
    for (auto& stall : status_.at("stalls")) text += "no progress: " + text_in(stall) + "\n";
    return text;
  }

  std::string since(const Json& time) { return time.is_null() ? "" : span(now_ - time.get<int64_t>()); }

  const Json& status_;
  int64_t now_;
};

}  // namespace

Result<std::string> status_tables(const std::string& json) {
  try {
    return Report(Json::parse(json)).text();
  } catch (const Json::exception& e) {
    return fail(std::string("the answer is no status of a bridge: ") + e.what());
  }
}

bool says_alive(const std::string& json) {
  auto status = Json::parse(json, nullptr, false);
  return status.is_object() && status.contains("alive") && status["alive"].is_boolean() && status["alive"].get<bool>();
}

}  // namespace mombridge::admin
