#include "admin/endpoints.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "example.hpp"

namespace mombridge::admin {
namespace {

using test::example;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const Endpoints kAdmin{Access(*config::parse_listen("unix:/run/a.sock"), {})};
const Endpoints kProbes;

std::string ask(const Endpoints& endpoints, const std::string& line, const Status* status, bool stuck = false) {
  return endpoints.answer(line + " HTTP/1.1\r\nHost: localhost\r\n\r\n", status, stuck);
}
std::string body(const std::string& response) { return response.substr(response.find("\r\n\r\n") + 4); }

Status ready() {
  auto status = example();
  status.links[1].status.state = LinkStatus::State::up;
  return status;
}

TEST(Endpoints, LivenessFollowsNoLink) {
  auto status = example();  // with a link that is down
  EXPECT_THAT(ask(kProbes, "GET /livez", &status), StartsWith("HTTP/1.1 200"));
  status.not_live = "an event loop is stuck";
  EXPECT_THAT(ask(kProbes, "GET /livez", &status), StartsWith("HTTP/1.1 503"));
  EXPECT_EQ(body(ask(kProbes, "GET /livez", &status)), "an event loop is stuck\n");
  EXPECT_THAT(ask(kProbes, "GET /livez", nullptr), StartsWith("HTTP/1.1 200")) << "it has work";
  EXPECT_THAT(ask(kProbes, "GET /livez", nullptr, true), StartsWith("HTTP/1.1 503"));
}

TEST(Endpoints, FiguresAreShownByMetricsAndTheStatus) {
  auto shows = [](const Endpoints& endpoints, const std::string& line, const std::string& host = "localhost") {
    return endpoints.asked(line + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n").figures;
  };
  for (auto* line : {"GET /metrics", "GET /api/v1/status"}) EXPECT_TRUE(shows(kAdmin, line)) << line;
  for (auto* line : {"GET /livez", "GET /readyz", "GET /", "nonsense"}) EXPECT_FALSE(shows(kAdmin, line)) << line;
  EXPECT_TRUE(shows(kProbes, "GET /metrics"));
  for (auto* line : {"GET /livez", "GET /readyz", "GET /api/v1/status"}) EXPECT_FALSE(shows(kProbes, line)) << line;
  const Endpoints guarded{Access(*config::parse_listen("127.0.0.1:8421"), {})};
  EXPECT_TRUE(shows(guarded, "GET /api/v1/status"));
  EXPECT_FALSE(shows(guarded, "GET /api/v1/status", "elsewhere.example")) << "it is refused";
}

TEST(Endpoints, ReadinessFollowsLinks) {
  auto status = ready();
  EXPECT_THAT(ask(kProbes, "GET /readyz", &status), StartsWith("HTTP/1.1 200"));
  for (auto state : {LinkStatus::State::connecting, LinkStatus::State::blocked, LinkStatus::State::failing}) {
    status.links[0].status.state = state;
    EXPECT_THAT(ask(kProbes, "GET /readyz", &status), StartsWith("HTTP/1.1 503"));
  }
  status = ready();
  status.draining = true;
  EXPECT_THAT(ask(kProbes, "GET /readyz", &status), StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(ask(kProbes, "GET /readyz", nullptr), StartsWith("HTTP/1.1 503"));
}

TEST(Endpoints, VerboseNamesTheLinks) {
  auto status = example();
  EXPECT_EQ(body(ask(kAdmin, "GET /readyz?verbose", &status)),
            "[+] shop publisher: up: rabbit:5672\n[-] lake topic orders: failing: no route to\\x0ahost\nnot ready\n");
  EXPECT_EQ(body(ask(kProbes, "GET /readyz?verbose", &status)),
            "[+] shop publisher: up\n[-] lake topic orders: failing\nnot ready\n")
      << "everybody may ask there: not the brokers' words";
  EXPECT_EQ(body(ask(kAdmin, "GET /readyz", &status)), "not ready\n");
}

TEST(Endpoints, ProbesHaveNothingElse) {
  auto status = ready();
  for (auto* path : {"/", "/api/v1/status", "/api", "/livez/", "/..", "//livez"})
    EXPECT_THAT(ask(kProbes, std::string("GET ") + path, &status), StartsWith("HTTP/1.1 404")) << path;
  EXPECT_THAT(ask(kProbes, "GET /metrics", &status), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(ask(kAdmin, "GET /api/v1/reload", &status), StartsWith("HTTP/1.1 404"));
}

TEST(Endpoints, TheApiGivesJson) {
  auto status = example();
  auto response = ask(kAdmin, "GET /api/v1/status", &status);
  EXPECT_THAT(response, AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("Content-Type: application/json"),
                              HasSubstr("Cache-Control: no-store"), HasSubstr("Connection: close")));
  auto json = nlohmann::json::parse(body(response));
  EXPECT_EQ(json["ready"], false);
  EXPECT_EQ(json["alive"], true);
  EXPECT_EQ(json["drained"].size(), 0);
  EXPECT_EQ(json["subscriptions"][0]["drained"], false);
  EXPECT_EQ(json["links"][0]["state"], "up");
  EXPECT_EQ(json["links"][0]["since_unix_ms"], 940'000);
  EXPECT_EQ(json["links"][1]["detail"], "no route to\\x0ahost");
  EXPECT_TRUE(json["links"][1]["since_unix_ms"].is_null());
  EXPECT_EQ(json["routes"][0]["to"][1]["delivered"], 8);
  EXPECT_EQ(json["routes"][0]["rate"], "500/s");
  EXPECT_EQ(json["routes"][0]["limited"], true);
  EXPECT_EQ(json["routes"][0]["last_error"]["text"], "returned");
  EXPECT_EQ(json["subscriptions"][0]["received_bytes"], 1000);
  EXPECT_EQ(json["subscriptions"][0]["in_flight_bytes"], 1'500'000);
  EXPECT_EQ(json["memory"]["budget_bytes"], 256 << 20);
  EXPECT_EQ(json["memory"]["reserved_bytes"], 8'400'000);
  EXPECT_EQ(json["memory"]["in_flight_bytes"], 1'500'000);
  EXPECT_EQ(json["memory"]["pushed_bytes"], 2'000'000);
  EXPECT_EQ(json["brokers"][0]["unrouted"], 5);
  EXPECT_THAT(ask(kAdmin, "GET /api/v1/status", nullptr), StartsWith("HTTP/1.1 503"));
}

TEST(Endpoints, TheApiSaysWhatThePageShows) {
  auto status = example();
  status.config = {.ok = false,
                   .at = 910'000,
                   .read_at = 990'000,
                   .text = "reload failed: a.yaml:3:1: error: x (and 1 more)",
                   .errors = {"a.yaml:3:1: error: x", "a.yaml:4:1: error: \x01"},
                   .notes = {"restart needed"}};
  auto json = nlohmann::json::parse(body(ask(kAdmin, "GET /api/v1/status", &status)));
  auto& route = json["routes"][0];
  EXPECT_EQ(json["time_bounds_ms"][0], 0.5);
  EXPECT_EQ(json["time_bounds_ms"].size() + 1, route["times"]["counts"].size());
  EXPECT_EQ(route["times"]["p50_ms"], 0.5);
  EXPECT_EQ(route["times"]["p99_ms"], 60000);
  EXPECT_EQ(route["dead_letter"], "lake/dead");
  EXPECT_EQ(route["rate"], "500/s");
  EXPECT_EQ(route["limited"], true);
  EXPECT_EQ(route["to"][0]["broker"], "lake");
  EXPECT_TRUE(route["to"][0]["handler"].is_null());
  EXPECT_EQ(route["to"][1]["handler"], "h");
  EXPECT_EQ(route["to"][1]["reply_to"], "shop");
  EXPECT_EQ(json["handlers"][0], nlohmann::json::parse(R"({"name": "h", "isolation": "in_process", "worker": null,
    "threads": {"all": 4, "written_off": 0},
    "calls": 12, "in_flight": 1, "retries": 2, "rejects": 3, "times": {"p50_ms": 0.5, "p99_ms": 60000, "counts": [2,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,1]}})"));
  EXPECT_EQ(json["latest_dead_letters"], nlohmann::json::parse(R"([{"at_unix_ms": 999000, "route": "r",
    "broker": "shop", "subscription": "orders", "target": "order.new", "partition": null, "offset": 42,
    "code": "rejected", "reason": "no\\x0astock", "attempts": 3}])"));
  EXPECT_EQ(json["config"]["read_unix_ms"], 990'000);
  EXPECT_EQ(json["config"]["errors"], nlohmann::json::parse(R"(["a.yaml:3:1: error: x", "a.yaml:4:1: error: \\x01"])"));
  EXPECT_EQ(json["config"]["notes"][0], "restart needed");

  status.handlers[0].worker = {.state = "running",
                               .pid = 77,
                               .since = 980'000,
                               .restarts = 2,
                               .last_end = "was killed by SIGSEGV",
                               .last_end_at = 979'000};
  json = nlohmann::json::parse(to_json(status));
  EXPECT_EQ(json["handlers"][0]["isolation"], "process");
  EXPECT_EQ(json["handlers"][0]["worker"], nlohmann::json::parse(R"({"state": "running", "pid": 77,
    "since_unix_ms": 980000, "restarts": 2, "last_end": {"text": "was killed by SIGSEGV", "at_unix_ms": 979000}})"));

  status.handlers[0].worker = {.state = "starting"};
  status.routes[0].times.reset();
  status.routes[0].dead_letter.clear();
  json = nlohmann::json::parse(to_json(status));
  EXPECT_TRUE(json["handlers"][0]["worker"]["pid"].is_null());
  EXPECT_TRUE(json["handlers"][0]["worker"]["last_end"].is_null());
  EXPECT_TRUE(json["routes"][0]["times"].is_null());
  EXPECT_TRUE(json["routes"][0]["dead_letter"].is_null());
}

TEST(Endpoints, OtherMethodsAreRefused) {
  auto status = ready();
  for (auto* method : {"POST", "PUT", "DELETE", "OPTIONS"})
    EXPECT_THAT(ask(kAdmin, std::string(method) + " /api/v1/status", &status),
                AllOf(StartsWith("HTTP/1.1 405"), HasSubstr("Allow: GET, HEAD")));
  auto head = ask(kAdmin, "HEAD /livez", &status);
  EXPECT_THAT(head, StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(body(head), "");
}

TEST(Endpoints, ActionsArePosted) {
  Actions actions{{"/api/v1/do", [](const HttpRequest&, Duration, const ActionDone&) {}}};
  const Endpoints admin{Access(*config::parse_listen("127.0.0.1:1"), {}), actions};
  auto status = ready();
  std::string head = " HTTP/1.1\r\nHost: localhost\r\n", mark = "Mombridge-Admin: 1\r\n", end = "\r\n";
  auto asked = admin.asked("POST /api/v1/do?a=b" + head + mark + end);
  ASSERT_TRUE(asked.action);
  EXPECT_EQ(asked.request.parameters.find("a")->second, "b");
  for (auto& refused : {"POST /api/v1/do" + head + end, "POST /api/v1/other" + head + mark + end,
                        "GET /api/v1/do" + head + mark + end, std::string("POST \r\n\r\n")})
    EXPECT_FALSE(admin.asked(refused).action) << refused;
  EXPECT_FALSE(kProbes.asked("POST /api/v1/do" + head + mark + end).action);
  EXPECT_THAT(admin.answer("POST /api/v1/do" + head + end, &status, false), StartsWith("HTTP/1.1 403"));
  EXPECT_THAT(admin.answer("GET /api/v1/do" + head + end, &status, false),
              AllOf(StartsWith("HTTP/1.1 405"), HasSubstr("Allow: POST\r\n")));
}

// What the library makes of all this is its own affair, but it answers, and once.
TEST(Endpoints, HostileRequestsAreAnswered) {
  auto status = ready();
  for (std::string head :
       {"", "x", "GET", "GET /livez", "GET /livez HTTP/9.9", "get /livez HTTP/1.1", "GET  /livez HTTP/1.1",
        "\x01\x02\xff HTTP/1.1", "GET /%zz%00 HTTP/1.1", "GET http://evil/livez HTTP/1.1", "BREW /livez HTTP/1.1"}) {
    auto response = kAdmin.answer(head + "\r\n\r\n", &status, false);
    EXPECT_THAT(response, StartsWith("HTTP/1.1 ")) << head;
    EXPECT_THAT(response.substr(5), Not(HasSubstr("HTTP/1.1 "))) << head;
  }
  std::string odd = "GET /livez HTTP/1.1\r\nHost: localhost\r\n";
  EXPECT_THAT(kAdmin.answer(odd + "Host: localhost\r\n\r\n", &status, false), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(kAdmin.answer(odd + "Range: bytes=" + std::string(6000, '1') + "-\r\n\r\n", &status, false),
              StartsWith("HTTP/1.1 "));
  EXPECT_THAT(kAdmin.answer(odd + "Range: bytes=0-0\r\n\r\n", &status, false), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(kAdmin.answer(odd + "Accept-Encoding: gzip, br\r\n\r\n", &status, false),
              Not(HasSubstr("Content-Encoding")));
  EXPECT_THAT(kAdmin.answer(odd + "Expect: 100-continue\r\n\r\n", &status, false), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(kAdmin.answer("GET /" + std::string(7000, 'a') + " HTTP/1.1\r\nHost: localhost\r\n\r\n", &status, false),
              StartsWith("HTTP/1.1 404"));
}

TEST(Endpoints, WithoutTheTokenNothingIsSaid) {
  const Endpoints remote{Access(*config::parse_listen("0.0.0.0:1"), Secret("secret"))};
  auto status = ready();
  for (auto* path : {"/livez", "/readyz", "/metrics", "/api/v1/status", "/nothing"})
    EXPECT_THAT(ask(remote, std::string("GET ") + path, &status), StartsWith("HTTP/1.1 401")) << path;
  EXPECT_THAT(remote.answer("GET /livez HTTP/1.1\r\nHost: b\r\nAuthorization: Bearer secret\r\n\r\n", &status, false),
              StartsWith("HTTP/1.1 200"));
}

}  // namespace
}  // namespace mombridge::admin
