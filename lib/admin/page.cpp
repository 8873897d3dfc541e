#include "admin/page.hpp"

#include <algorithm>
#include <vector>

#include <nlohmann/json.hpp>

#include "admin/page_file.hpp"
#include "admin/words.hpp"
#include "base/base64url.hpp"
#include "base/text.hpp"

namespace mombridge::admin {

namespace {

using Json = nlohmann::json;

/// As text of an element or value of an attribute.
std::string escaped(std::string_view text) {
  std::string result;
  for (char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      case '\'':
        result += "&#39;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

struct Column {
  std::string_view title;
  std::string_view kind = "";  ///< class of its cells
};
struct Cell {
  Cell(std::string t) : text(std::move(t)) {}
  Cell(std::string t, std::string_view c) : text(std::move(t)), colour(c) {}
  std::string text;
  std::string_view colour = "";  ///< of a state: ok, warn, bad, idle; empty: it is no state
};
using Rows = std::vector<std::vector<Cell>>;

std::string pill(std::string_view text, std::string_view colour) {
  return "<span class=\"pill " + std::string(colour) + "\">" + escaped(text) + "</span>";
}

std::string of_class(std::string_view name) {
  return name.empty() ? std::string() : " class=\"" + std::string(name) + "\"";
}

std::string row_of(const std::vector<Column>& columns, const std::vector<Cell>& cells) {
  std::string html = "<tr>";
  for (size_t i = 0; i < columns.size(); ++i) {
    auto& [text, colour] = cells[i];
    html += "<td" + of_class(columns[i].kind) + ">" + (colour.empty() ? escaped(text) : pill(text, colour)) + "</td>";
  }
  return html + "</tr>\n";
}

/// A section with a table, as the script makes it.
std::string table(const std::string& id, std::string_view title, const std::vector<Column>& columns, const Rows& rows,
                  std::string_view empty) {
  std::string html = "<section id=\"" + id + "\" aria-labelledby=\"" + id + "-title\"><header><h2 id=\"" + id +
                     "-title\">" + std::string(title) +
                     "</h2></header>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"" + id +
                     "-title\"><table><thead><tr>";
  for (auto& [name, kind] : columns) html += "<th scope=\"col\"" + of_class(kind) + ">" + std::string(name) + "</th>";
  html += "</tr></thead><tbody>\n";
  for (auto& row : rows) html += row_of(columns, row);
  if (rows.empty())
    html += "<tr><td class=\"empty\" colspan=\"" + std::to_string(columns.size()) + "\">" + std::string(empty) +
            "</td></tr>\n";
  return html + "</tbody></table></div></section>\n";
}

std::string words(const Json& value) { return value.is_null() ? std::string() : value.get<std::string>(); }
std::string number(const Json& value) { return value.is_null() ? std::string() : value.dump(); }

std::string_view colour_of_link(const std::string& state) {
  if (state == "up") return "ok";
  if (state == "failing") return "bad";
  return state == "stopped" ? "idle" : "warn";
}

std::string_view colour_of_bridge(const std::string& state) {
  if (state == "ready") return "ok";
  return state == "draining" ? "warn" : "bad";
}

std::string milliseconds(const Json& times, const char* quantile) {
  if (times.is_null() || times.at(quantile).is_null()) return "–";
  auto tenths = static_cast<int64_t>(times.at(quantile).get<double>() * 10 + 0.5);
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " ms";
}

/// What the page says of a status before its script has asked.
class Content {
 public:
  explicit Content(const Json& status) : status_(status), now_(status.at("now_unix_ms").get<int64_t>()) {}

  std::string html() const {
    return head() + "<main>\n" + stalls() + configuration() + routes() + links() + handlers() + subscriptions() +
           letters() + "</main>";
  }

 private:
  std::string head() const {
    auto state = state_of_bridge(status_);
    return "<div class=\"head\"><h1>" + escaped(words(status_.at("name"))) + "</h1>" +
           pill(state, colour_of_bridge(state)) + "<span class=\"note\">mombridge " +
           escaped(words(status_.at("version"))) + ", running for " + since(status_.at("started_unix_ms")) +
           "; unrouted messages: " + number(status_.at("unrouted")) + "</span></div>\n";
  }

  std::string stalls() const {
    auto& stalls = status_.at("stalls");
    if (stalls.empty()) return {};
    return "<section id=\"stalls\"><header><h2>No progress</h2></header>\n" + list(stalls, "bad") + "</section>\n";
  }

  std::string configuration() const {
    auto& config = status_.at("config");
    bool ok = config.at("ok");
    return "<section id=\"reload\"><header><h2>Configuration</h2>" +
           pill(ok ? "in force" : "last reload failed", ok ? "ok" : "bad") + "<span class=\"note\">read " +
           since(config.at("read_unix_ms")) + " ago</span></header>\n<p>" +
           (ok ? escaped(words(config.at("text"))) : "The running configuration stays as it was.") + "</p>\n" +
           list(config.at("errors"), "bad") + list(config.at("notes"), "") + "</section>\n";
  }

  std::string routes() const {
    Rows rows;
    for (auto& r : status_.at("routes")) {
      std::string to, delivered, error;
      for (auto& one : r.at("to")) {
        to += (to.empty() ? "" : "\n") + words(one.at("destination"));
        delivered += (delivered.empty() ? "" : "\n") + number(one.at("delivered"));
      }
      if (auto& last = r.at("last_error"); !last.is_null())
        error = since(last.at("at_unix_ms")) + " ago: " + words(last.at("text"));
      rows.push_back({words(r.at("name")), source(r.at("from")), to, delivered, number(r.at("matched")),
                      number(r.at("in_flight")), number(r.at("held")), milliseconds(r.at("times"), "p50_ms"),
                      milliseconds(r.at("times"), "p99_ms"), number(r.at("retries")), number(r.at("dead_letters")),
                      error});
    }
    return table("routes", "Routes",
                 {{"Route"},
                  {"From"},
                  {"To", "list"},
                  {"Delivered", "number list"},
                  {"Messages", "number"},
                  {"In flight", "number"},
                  {"Held", "number"},
                  {"p50", "number"},
                  {"p99", "number"},
                  {"Retries", "number"},
                  {"Dead letters", "number"},
                  {"Last error", "words"}},
                 rows, "There are no routes.");
  }

  /// A subscription, a pattern of targets, or both.
  static std::string source(const Json& from) {
    auto subscription = words(from.at("subscription")), target = words(from.at("target"));
    auto text = words(from.at("broker"));
    if (!subscription.empty()) text += " " + subscription;
    return subscription.empty() || target != "#" ? text + " " + target : text;
  }

  std::string links() const {
    Rows rows;
    for (auto& link : status_.at("links")) {
      auto state = words(link.at("state"));
      rows.push_back({words(link.at("broker")), words(link.at("link")), Cell(state, colour_of_link(state)),
                      since(link.at("since_unix_ms")), words(link.at("detail"))});
    }
    return table("links", "Links", {{"Broker"}, {"Link"}, {"State"}, {"Since", "number"}, {"Reason", "words"}}, rows,
                 "There are no links.");
  }

  std::string handlers() const {
    Rows rows;
    for (auto& h : status_.at("handlers"))
      rows.push_back({words(h.at("name")), number(h.at("calls")), number(h.at("in_flight")),
                      milliseconds(h.at("times"), "p50_ms"), milliseconds(h.at("times"), "p99_ms"),
                      number(h.at("retries")), number(h.at("rejects")), worker(h)});
    if (rows.empty()) return {};
    return table("handlers", "Handlers",
                 {{"Handler"},
                  {"Calls", "number"},
                  {"In flight", "number"},
                  {"p50", "number"},
                  {"p99", "number"},
                  {"Retries", "number"},
                  {"Rejects", "number"},
                  {"Worker", "words"}},
                 rows, "");
  }

  /// Without a worker of its own, the plugin runs in the bridge.
  static std::string worker(const Json& handler) {
    auto found = handler.find("worker");
    if (found == handler.end() || found->is_null()) return "in the bridge";
    return words(found->at("state")) + ", restarts: " + number(found->at("restarts"));
  }

  std::string subscriptions() const {
    Rows rows;
    for (auto& s : status_.at("subscriptions"))
      rows.push_back({words(s.at("broker")), words(s.at("subscription")), number(s.at("received")),
                      number(s.at("received_bytes")), number(s.at("in_flight")), bytes_in(s.at("in_flight_bytes"))});
    return table("subscriptions", "Subscriptions",
                 {{"Broker"},
                  {"Subscription"},
                  {"Received", "number"},
                  {"Bytes", "number"},
                  {"In flight", "number"},
                  {"Memory", "number"}},
                 rows, "Nothing is subscribed to.");
  }

  std::string letters() const {
    Rows rows;
    for (auto& letter : status_.at("latest_dead_letters")) {
      auto from = words(letter.at("broker")) + " " + words(letter.at("subscription"));
      if (auto& partition = letter.at("partition"); !partition.is_null()) from += " [" + partition.dump() + "]";
      if (auto& offset = letter.at("offset"); !offset.is_null()) from += " @" + offset.dump();
      rows.push_back({since(letter.at("at_unix_ms")) + " ago",
                      letter.at("route").is_null() ? std::string("(unrouted)") : words(letter.at("route")), from,
                      words(letter.at("target")), number(letter.at("attempts")),
                      words(letter.at("code")) + ": " + words(letter.at("reason"))});
    }
    return table("letters", "Dead letters",
                 {{"When"}, {"Route"}, {"From"}, {"Target"}, {"Attempts", "number"}, {"Reason", "words"}}, rows,
                 "None since the bridge began.");
  }

  static std::string list(const Json& lines, const std::string& colour) {
    if (lines.empty()) return {};
    std::string html = "<ul class=\"errors\">";
    for (auto& line : lines) html += "<li class=\"code " + colour + "\">" + escaped(words(line)) + "</li>";
    return html + "</ul>\n";
  }

  std::string since(const Json& time) const { return time.is_null() ? "" : span(now_ - time.get<int64_t>()); }

  const Json& status_;
  int64_t now_;
};

/// As the policy of a page names what it may run: the digits of a hash in base64.
std::string source_of(std::string_view hash) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hash.size(); i += 2)
    bytes += static_cast<char>(hex_value(hash[i]) * 16 + hex_value(hash[i + 1]));
  std::string base64;
  base64url_encode(bytes, base64);
  std::ranges::replace(base64, '-', '+');
  std::ranges::replace(base64, '_', '/');
  base64.append((4 - base64.size() % 4) % 4, '=');
  return "'sha256-" + base64 + "'";
}

HttpResponse filled(int status, const std::string& content) {
  constexpr std::string_view kPlace = "@content@";
  static const auto place = kPage.find(kPlace);
  static const std::string policy = "default-src 'none'; connect-src 'self'; img-src data:; style-src " +
                                    source_of(kStyleHash) + "; script-src " + source_of(kScriptHash) +
                                    "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
  return {.status = status,
          .body = std::string(kPage.substr(0, place)) + content + std::string(kPage.substr(place + kPlace.size())),
          .type = "text/html; charset=utf-8",
          .headers = {{"Content-Security-Policy", policy},
                      {"Cross-Origin-Opener-Policy", "same-origin"},
                      {"Cross-Origin-Resource-Policy", "same-origin"},
                      {"Referrer-Policy", "no-referrer"},
                      {"X-Frame-Options", "DENY"}}};
}

/// Nothing but a sentence; `attributes` of its element.
std::string notice(std::string_view words, std::string_view attributes = "") {
  return "<div class=\"head\"" + std::string(attributes) + "><h1>mombridge</h1><span class=\"note\">" +
         std::string(words) + "</span></div>";
}

}  // namespace

HttpResponse page(const Status* status) {
  if (!status) return filled(503, notice("The bridge's main loop does not answer."));
  return filled(200, Content(Json::parse(to_json(*status))).html());
}

HttpResponse page_for_the_token() {
  auto response =
      filled(401, notice("This listener needs its token, which the page sends where scripts run. Without them: "
                         "<code>mombridge status</code> on the bridge's host.",
                         " data-token"));
  response.headers["WWW-Authenticate"] = "Bearer";
  return response;
}

}  // namespace mombridge::admin
