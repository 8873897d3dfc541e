// What the page says where no script runs, and what a browser may do with it.

#include "admin/page.hpp"

#include <regex>

#include <gmock/gmock.h>

#include "admin/endpoints.hpp"
#include "example.hpp"

namespace mombridge::admin {
namespace {

using test::example;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const Endpoints kAdmin{Access(*config::parse_listen("127.0.0.1:1"), {})};
const Endpoints kRemote{Access(*config::parse_listen("0.0.0.0:1"), Secret("secret"))};

std::string ask(const Endpoints& endpoints, const std::string& line, const Status* status,
                const std::string& more = "") {
  return endpoints.answer(line + " HTTP/1.1\r\nHost: localhost\r\n" + more + "\r\n", status, false);
}

/// Between the tags of the element with that id.
std::string section(const std::string& html, const std::string& id) {
  auto from = html.find("<section id=\"" + id + "\"");
  return from == std::string::npos ? "" : html.substr(from, html.find("</section>", from) - from);
}

TEST(Page, HasTablesForWhoRunsNoScripts) {
  auto status = example();
  auto html = page(&status).body;
  EXPECT_THAT(html,
              AllOf(StartsWith("<!doctype html>"), HasSubstr("<h1>bridge</h1><span class=\"pill bad\">not ready")));
  EXPECT_THAT(section(html, "routes"),
              AllOf(HasSubstr("<td>r</td><td>shop order.#</td><td class=\"list\">lake/orders\nhandler h</td>"
                              "<td class=\"number list\">7\n8</td>"),
                    HasSubstr("<td class=\"number\">0.5 ms</td><td class=\"number\">60000.0 ms</td>"),
                    HasSubstr("5s ago: returned")));
  EXPECT_THAT(section(html, "links"),
              AllOf(HasSubstr("<td>publisher</td><td><span class=\"pill ok\">up</span></td><td class=\"number\">1m0s"),
                    HasSubstr("<span class=\"pill bad\">failing</span></td><td class=\"number\"></td>"
                              "<td class=\"words\">no route to\\x0ahost")));
  EXPECT_THAT(section(html, "handlers"), HasSubstr("<td>h</td><td class=\"number\">12</td>"));
  EXPECT_THAT(section(html, "subscriptions"), AllOf(HasSubstr("<td>orders</td><td class=\"number\">10</td>"),
                                                    HasSubstr("<td class=\"number\">1.4 MiB</td>")));
  EXPECT_THAT(section(html, "letters"),
              HasSubstr("<td>1s ago</td><td>r</td><td>shop orders @42</td><td>order.new</td>"
                        "<td class=\"number\">3</td><td class=\"words\">rejected: no\\x0astock</td>"));
  EXPECT_THAT(section(html, "reload"), AllOf(HasSubstr("pill ok\">in force"), HasSubstr("loaded at the start")));
  EXPECT_EQ(section(html, "stalls"), "");
}

TEST(Page, SaysWhatIsWrong) {
  auto status = example();
  status.config = {.ok = false, .at = 910'000, .read_at = 990'000, .text = "x", .errors = {"a.yaml:3:1: error: what"}};
  status.stalls = {"shop: no progress"};
  status.draining = true;
  auto html = page(&status).body;
  EXPECT_THAT(section(html, "reload"), AllOf(HasSubstr("pill bad\">last reload failed"), HasSubstr("read 10s ago"),
                                             HasSubstr("<li class=\"code bad\">a.yaml:3:1: error: what</li>")));
  EXPECT_THAT(section(html, "stalls"), HasSubstr("shop: no progress"));
  EXPECT_THAT(html, HasSubstr("pill warn\">draining"));
}

TEST(Page, ARouteOfASubscriptionNamesIt) {
  auto status = example();
  status.routes[0].subscription = "orders";
  EXPECT_THAT(page(&status).body, HasSubstr("<td>shop orders order.#</td>"));
  status.routes[0].target = "#";
  EXPECT_THAT(page(&status).body, HasSubstr("<td>shop orders</td>"));
  EXPECT_THAT(to_json(status), HasSubstr("\"subscription\": \"orders\""));
}

TEST(Page, NothingIsThereYet) {
  Status status;
  auto html = page(&status).body;
  EXPECT_THAT(html, AllOf(HasSubstr("There are no routes."), HasSubstr("Nothing is subscribed to."),
                          HasSubstr("None since the bridge began.")));
}

// Names come from files, reasons and targets from brokers and messages: none of it becomes markup.
TEST(Page, HostileTextsStayText) {
  const std::string hostile = "<script>alert(1)</script>\"'&lt;<img src=x onerror=y>@content@";
  const std::string harmless =
      "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;lt;&lt;img src=x onerror=y&gt;@content@";
  auto status = example();
  auto plain = page(&status).body;
  status.name = status.version = hostile;
  status.links = {{hostile, {hostile, LinkStatus::State::failing, hostile}, std::nullopt}};
  status.brokers = {{hostile, hostile}};
  status.subscriptions = {{hostile, hostile}};
  status.routes = {{.name = hostile,
                    .broker = hostile,
                    .target = hostile,
                    .to = {{hostile, 0, hostile}},
                    .last_error = hostile,
                    .last_error_at = 1}};
  status.handlers = {{hostile}};
  status.latest_letters = {
      {.route = hostile, .broker = hostile, .source = hostile, .target = hostile, .code = hostile, .reason = hostile}};
  status.stalls = {hostile};
  status.config = {.ok = false, .text = hostile, .errors = {hostile}, .notes = {hostile}};
  auto html = page(&status).body;
  EXPECT_THAT(html, Not(HasSubstr("<script>alert")));
  EXPECT_THAT(html, Not(HasSubstr("<img")));
  size_t found = 0;
  for (size_t at = 0; (at = html.find(harmless, at)) != std::string::npos; ++at) ++found;
  EXPECT_EQ(found, 22u) << "each of them, where it is shown";
  status.config = {.ok = true, .text = hostile};
  EXPECT_THAT(section(page(&status).body, "reload"), HasSubstr("<p>" + harmless + "</p>"));
  // Bytes that are no text at all.
  status.routes[0].name = "\xff\x01";
  EXPECT_THAT(page(&status).body, HasSubstr("<td>\\xff\\x01</td>"));
}

TEST(Page, MayDoNothingButAskItsBridge) {
  auto status = example();
  auto response = ask(kAdmin, "GET /", &status);
  EXPECT_THAT(response, AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("Content-Type: text/html; charset=utf-8"),
                              HasSubstr("Cache-Control: no-store"), HasSubstr("X-Frame-Options: DENY"),
                              HasSubstr("Referrer-Policy: no-referrer")));
  std::smatch policy;
  ASSERT_TRUE(std::regex_search(response, policy, std::regex("Content-Security-Policy: (.*)\r\n")));
  EXPECT_TRUE(std::regex_match(
      policy[1].str(),
      std::regex(
          "default-src 'none'; connect-src 'self'; img-src data:; style-src 'sha256-[A-Za-z0-9+/]{43}='; "
          "script-src 'sha256-[A-Za-z0-9+/]{43}='; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")))
      << policy[1].str();
  // No file but this one, and no markup that its script would make of texts.
  auto html = std::regex_replace(response, std::regex("http://www.w3.org/2000/svg"), "");
  for (auto* outside : {"http://", "https://", "@import", "url(", "innerHTML", "insertAdjacentHTML", "document.write",
                        "eval(", "style=", "onclick"})
    EXPECT_THAT(html, Not(HasSubstr(outside)));
  EXPECT_LT(response.size(), 64u * 1024);
}

TEST(Page, IsOfTheAdminListenerAlone) {
  auto status = example();
  EXPECT_THAT(ask(Endpoints(), "GET /", &status), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(ask(kAdmin, "POST /", &status), StartsWith("HTTP/1.1 405"));
  EXPECT_THAT(ask(kAdmin, "HEAD /", &status), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(kAdmin.answer("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", &status, false),
              StartsWith("HTTP/1.1 403"));
  EXPECT_THAT(ask(kAdmin, "GET /", &status, "Origin: http://evil.example\r\n"), StartsWith("HTTP/1.1 403"));
}

TEST(Page, WithoutTheTokenItAsksForIt) {
  auto status = example();
  auto asks = ask(kRemote, "GET /", &status);
  EXPECT_THAT(asks, AllOf(StartsWith("HTTP/1.1 401"), HasSubstr("WWW-Authenticate: Bearer"), HasSubstr(" data-token"),
                          HasSubstr("Content-Security-Policy: ")));
  EXPECT_THAT(asks, AllOf(Not(HasSubstr("order.#")), Not(HasSubstr("1.2.3")))) << "nothing of the bridge";
  EXPECT_THAT(ask(kRemote, "GET /?token=secret", &status), StartsWith("HTTP/1.1 401"));
  EXPECT_THAT(ask(kRemote, "POST /", &status), AllOf(StartsWith("HTTP/1.1 401"), Not(HasSubstr("<html"))));
  EXPECT_THAT(ask(kRemote, "GET /", &status, "Authorization: Bearer secret\r\n"),
              AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("order.#"), Not(HasSubstr(" data-token"))));
}

TEST(Page, AStuckBridgeHasOneToo) {
  EXPECT_THAT(ask(kAdmin, "GET /", nullptr), AllOf(StartsWith("HTTP/1.1 503"), HasSubstr("text/html"),
                                                   HasSubstr("The bridge's main loop does not answer.")));
}

}  // namespace
}  // namespace mombridge::admin
