// The listener with real sockets, in front of a broker that does as the test says.

#include "http_ingress/ingress.hpp"

#include <filesystem>
#include <fstream>
#include <sys/socket.h>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "broker/amqp/config.hpp"
#include "broker/kafka/config.hpp"
#include "broker/memory/config.hpp"
#include "config/load.hpp"
#include "doubles/fake_broker.hpp"

namespace mombridge::http_ingress {
namespace {

using test::eventually;
using test::Sent;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;
using testing::SizeIs;
using testing::StartsWith;
using testing::UnorderedElementsAre;

/// As FakeBroker, with a link that publishes.
class Shop final : public test::FakeBroker {
 public:
  Shop() : FakeBroker("shop") {}
  [[nodiscard]] std::vector<LinkStatus> status() const override {
    auto state = up ? LinkStatus::State::up : LinkStatus::State::failing;
    return {{"publisher", state, up ? "" : "Connection refused", LinkStatus::Role::publisher, {}}};
  }
  std::atomic<bool> up{true};
};

/// A client of its own for requests, whose replies the test makes.
class Requester final : public test::FakeBroker {
 public:
  explicit Requester(std::function<void(Requester*)> ended) : FakeBroker("shop"), ended_(std::move(ended)) {}
  ~Requester() override { ended_(this); }
  void start(Sink& sink) override { sink_ = &sink; }
  void reply(const Message& message) {
    auto* delivery = new Reply;
    delivery->message = message;
    sink_->receive(DeliveryHandle(delivery));
  }

 private:
  struct Reply final : Delivery {
    void settle(Settlement) noexcept override { delete this; }
  };
  const std::function<void(Requester*)> ended_;
  Sink* sink_ = nullptr;
};

std::string post(std::string_view path, std::string_view body, const std::string& headers = {}) {
  return "POST " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

struct Got {
  int status = 0;
  std::string head, body;
  [[nodiscard]] nlohmann::json json() const { return nlohmann::json::parse(body, nullptr, false); }
  [[nodiscard]] std::string error() const { return json().value("error", ""); }
  [[nodiscard]] std::string words() const { return json().value("message", ""); }
  [[nodiscard]] std::string delivered() const { return json().value("delivered", ""); }
};

/// One connection.
class Client {
 public:
  explicit Client(const config::Listen& listen) : fd_(std::move(*admin::connect_to(listen, 20))) {}

  bool send(std::string_view text) const {
    return ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  }
  /// The next answer; status 0: the other end has closed.
  Got receive() {
    while (got_.find("\r\n\r\n") == std::string::npos)
      if (!more()) return {};
    Got answer;
    auto end = got_.find("\r\n\r\n") + 4;
    answer.head = got_.substr(0, end);
    answer.status = std::stoi(answer.head.substr(9, 3));
    auto at = answer.head.find("Content-Length: ");
    auto length = at == std::string::npos ? 0 : std::stoul(answer.head.substr(at + 16));
    while (got_.size() < end + length && more()) {
    }
    answer.body = got_.substr(end, length);
    got_.erase(0, end + length);
    return answer;
  }
  Got ask(std::string_view text) {
    send(text);
    return receive();
  }
  /// Returns true if the other end closes and has sent nothing more.
  bool closed() { return got_.empty() && !more(); }
  void end_sending() const { ::shutdown(fd_.get(), SHUT_WR); }

 private:
  bool more() {
    char buffer[65536];
    auto n = ::recv(fd_.get(), buffer, sizeof buffer, 0);
    if (n > 0) got_.append(buffer, static_cast<size_t>(n));
    return n > 0;
  }
  Fd fd_;
  std::string got_;
};

class IngressTest : public testing::Test {
 protected:
  IngressTest() {
    std::string name = "/tmp/mombridge-ingress-XXXXXX";
    folder_ = ::mkdtemp(name.data());
  }
  ~IngressTest() override {
    ingress.reset();
    std::filesystem::remove_all(folder_);
  }

  /// `keys` of the section beside `listen`, as in ", timeout: 1s".
  std::shared_ptr<const config::Config> configured(const std::string& keys = {}, const std::string& listen = {}) {
    auto file = folder_ / "c.yaml";
    std::ofstream(file) << "brokers:\n  shop: {type: amqp, url: amqp://localhost, appname: till}\n"
                           "  lake: {type: kafka, bootstrap_servers: localhost:9092}\n"
                           "routes: [{from: {broker: shop, queue: q}, to: {broker: lake, target: t}}]\n"
                           "failures: {dead_letter: {broker: shop, target: mombridge.dead}}\n"
                           "ingress: {listen: \""
                        << (listen.empty() ? "unix:" + (folder_ / "s").string() : listen)
                        << "\", allow: [\"shop/order.*\", \"shop/mombridge.*\", \"lake/*\"]" << keys << "}\n";
    config::Diagnostics diagnostics;
    auto made = std::make_shared<config::Config>(
        config::load({{file}, true, {}}, {amqp::reader(), kafka::reader(), memory::reader()}, diagnostics));
    for (auto& d : diagnostics.sorted()) ADD_FAILURE() << d.text();
    return made;
  }
  void start(const std::string& keys = {}) {
    config = configured(keys);
    auto find = [this](const std::string& name) -> handler::Outlet {
      if (name != "shop") return {};
      return {std::shared_ptr<Broker>(std::shared_ptr<void>(), &shop), config->broker("shop")->settings};
    };
    auto make = [this](const config::BrokerSection& section, const config::ClientOptions& options) -> MadeClient {
      auto client =
          std::make_unique<Requester>([this](Requester* gone) { requester.compare_exchange_strong(gone, nullptr); });
      client->keep();
      client->connected = connects.load();
      requester = client.get();
      auto settings = amqp::client_settings(*section.settings, options);
      return {std::move(client), settings};
    };
    auto made = Ingress::listen(config, find, make);
    ASSERT_TRUE(made) << made.error().text;
    ingress = std::move(*made);
    ASSERT_TRUE(ingress->start());
  }
  [[nodiscard]] Client client() const { return Client(config->ingress->listener.listen); }
  [[nodiscard]] Got ask(std::string_view text) const { return client().ask(text); }
  [[nodiscard]] std::vector<std::pair<std::string, uint64_t>> ends() const {
    std::vector<std::pair<std::string, uint64_t>> all;
    for (auto& end : ingress->status().ends) all.emplace_back(end.broker + " " + end.outcome, end.count);
    return all;
  }

  /// Sends a request, and waits until it is published.
  Sent sent_request(Client& c, const std::string& query = {}) {
    c.send(post("/v1/request/shop/order.ask" + query, "question"));
    EXPECT_TRUE(eventually([&] { return requester.load() && requester.load()->sent_count() > 0; }));
    return requester.load()->sent().back();
  }

  Shop shop;
  std::atomic<bool> connects{true};            ///< of the client that will be made for requests
  std::atomic<Requester*> requester{nullptr};  ///< it
  std::shared_ptr<const config::Config> config;
  std::unique_ptr<Ingress> ingress;

 private:
  std::filesystem::path folder_;
};

TEST_F(IngressTest, PublishesAndAnswersBehindTheConfirm) {
  start();
  shop.keep();
  auto c = client();
  c.send(post("/v1/publish/shop/order.new%2F1", std::string("a\0b", 3),
              "Content-Type: text/plain\r\nMombridge-Key: k\r\nMombridge-Header-customer: 7\r\n"));
  ASSERT_TRUE(eventually([&] { return shop.sent_count() == 1; }));
  EXPECT_EQ(ingress->open(), 1u) << "no answer before the confirm";
  shop.complete();
  auto answer = c.receive();
  EXPECT_EQ(answer.status, 204);
  EXPECT_THAT(answer.head, Not(HasSubstr("Content-Length")));
  auto sent = shop.sent()[0];
  EXPECT_EQ(sent.target, "order.new/1");
  EXPECT_EQ(sent.body, std::string("a\0b", 3));
  EXPECT_EQ(sent.key, "k");
  EXPECT_EQ(sent.app_id, "till");
  EXPECT_THAT(sent.message_headers, UnorderedElementsAre(Pair("customer", "7")));
  EXPECT_EQ(ingress->open(), 0u);
  EXPECT_THAT(ends(), ElementsAre(Pair("shop delivered", 1)));
}

TEST_F(IngressTest, OneConnectionCarriesManyRequests) {
  start();
  auto c = client();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(c.ask(post("/v1/publish/shop/order.a", std::to_string(i))).status, 204);
  // Sent at once: in chunks, with a body, without, and one that ends the connection.
  std::string all =
      "POST /v1/publish/shop/order.b HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: "
      "chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n" +
      post("/v1/publish/shop/other", "") + post("/v1/publish/shop/order.c", "") +
      post("/v1/publish/shop/order.d", "last", "Connection: close\r\n");
  c.send(all);
  EXPECT_EQ(c.receive().status, 204);
  auto refused = c.receive();
  EXPECT_EQ(refused.status, 404);
  EXPECT_EQ(c.receive().status, 204);
  auto last = c.receive();
  EXPECT_EQ(last.status, 204);
  EXPECT_THAT(last.head, HasSubstr("Connection: close"));
  EXPECT_TRUE(c.closed());
  std::vector<std::string> bodies;
  for (auto& sent : shop.sent()) bodies.push_back(sent.body);
  EXPECT_THAT(bodies, ElementsAre("0", "1", "2", "x", "", "last"));
}

TEST_F(IngressTest, ABodyThatNobodyWantsIsNotRead) {
  start();
  auto c = client();
  auto refused = c.ask(post("/v1/publish/shop/other", "not allowed"));
  EXPECT_EQ(refused.status, 404);
  EXPECT_THAT(refused.head, HasSubstr("Connection: close"));
  EXPECT_TRUE(c.closed());
}

TEST_F(IngressTest, OldClients) {
  start();
  auto c = client();
  auto answer = c.ask("POST /v1/publish/shop/order.a HTTP/1.0\r\nContent-Length: 1\r\n\r\nx");
  EXPECT_EQ(answer.status, 204);
  EXPECT_TRUE(c.closed());
}

TEST_F(IngressTest, SaysContinueBeforeTheBodyAndNotToWhatItRefuses) {
  start();
  auto c = client();
  c.send(
      "POST /v1/publish/shop/order.a HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n");
  EXPECT_EQ(c.receive().status, 100);
  EXPECT_EQ(c.ask("x").status, 204);
  c.send(
      "POST /v1/publish/shop/other HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n");
  EXPECT_EQ(c.receive().status, 404);
  EXPECT_TRUE(c.closed()) << "the body that may follow is not read";
}

TEST_F(IngressTest, SaysWhatIsWrong) {
  start();
  auto is = [&](std::string_view request, int status, const char* error, const char* words) {
    auto answer = ask(request);
    EXPECT_EQ(answer.status, status) << request;
    EXPECT_EQ(answer.error(), error);
    EXPECT_THAT(answer.words(), HasSubstr(words));
    EXPECT_EQ(answer.delivered(), "no");
    EXPECT_THAT(answer.head, HasSubstr("Content-Type: application/json"));
  };
  is(post("/v1/publish/shop/other", ""), 404, "not_allowed", "no line of ingress.allow names shop/other");
  is(post("/v1/publish/shap/order.a", ""), 404, "not_allowed", "shap/order.a");
  is(post("/v1/publish/shop/mombridge.dead", ""), 404, "not_allowed", "the bridge's own");
  is(post("/v1/publish/lake/a%20b", ""), 400, "invalid", "is not the name of a topic");
  is(post("/v1/publish/shop", ""), 400, "invalid", "/v1/publish/shop/order.created");
  is(post("/v1/publish/shop/order.a?timeout=2", ""), 400, "invalid", "?timeout=2s");
  is(post("/", ""), 404, "invalid", "POST to /v1/publish/BROKER/TARGET");
  is(post("/v1/publish/shop/order.a", "", "Mombridge-Header-x-death: 1\r\n"), 400, "invalid", "x-death");
  is("GET /v1/publish/shop/order.a HTTP/1.1\r\nHost: localhost\r\n\r\n", 405, "invalid", "POST");
  is("nonsense\r\n\r\n", 400, "invalid", "no HTTP request");
  is("POST /v1/publish/shop/order.a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999999\r\n\r\n", 413, "invalid",
     "ingress.max_body");
  EXPECT_EQ(shop.sent_count(), 0u);
}

TEST_F(IngressTest, APageOfAnotherSiteCannotPublish) {
  start();
  for (auto* header : {"Origin: http://evil.example\r\n", "Origin: null\r\n", "Sec-Fetch-Site: cross-site\r\n",
                       "Origin: http://localhost\r\nOrigin: http://evil.example\r\n"})
    EXPECT_THAT(ask(post("/v1/publish/shop/order.a", "x", header)).status, testing::AnyOf(403, 400)) << header;
  EXPECT_EQ(shop.sent_count(), 0u);
  EXPECT_EQ(
      ask(post("/v1/publish/shop/order.a", "x", "Origin: http://localhost\r\nSec-Fetch-Site: same-origin\r\n")).status,
      204);
}

TEST_F(IngressTest, ATokenIsAskedForAlways) {
  start(", token: s3cret");
  auto refused = ask(post("/v1/publish/shop/order.a", "x"));
  EXPECT_EQ(refused.status, 401);
  EXPECT_THAT(refused.head, HasSubstr("WWW-Authenticate: Bearer"));
  EXPECT_EQ(ask(post("/v1/publish/shop/order.a", "x", "Authorization: Bearer s3cret\r\n")).status, 204);
}

TEST_F(IngressTest, TheBrokersWordBecomesAStatus) {
  start();
  auto answer = [&](Outcome outcome) {
    shop.always(std::move(outcome));
    return ask(post("/v1/publish/shop/order.a", "x"));
  };
  auto unroutable = answer(Outcome::refused("no queue takes it: NO_ROUTE"));
  EXPECT_EQ(unroutable.status, 422);
  EXPECT_EQ(unroutable.error(), "refused");
  EXPECT_EQ(unroutable.words(), "no queue takes it: NO_ROUTE");
  EXPECT_EQ(unroutable.delivered(), "no");
  EXPECT_EQ(answer(Outcome::refused("too large", Outcome::Cause::size)).status, 413);
  auto away = answer(Outcome::away("the queue is full"));
  EXPECT_EQ(away.status, 503);
  EXPECT_EQ(away.words(), "the queue is full");
  EXPECT_EQ(away.delivered(), "unknown");
  EXPECT_THAT(away.head, HasSubstr("Retry-After: 1"));
}

TEST_F(IngressTest, ABrokerThatIsAwayGetsNothing) {
  start();
  shop.up = false;
  auto answer = ask(post("/v1/publish/shop/order.a", "x"));
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.error(), "unavailable");
  EXPECT_EQ(answer.words(), "broker shop is failing: Connection refused");
  EXPECT_EQ(answer.delivered(), "no");
  EXPECT_THAT(answer.head, HasSubstr("Retry-After: 1"));
  EXPECT_EQ(shop.sent_count(), 0u);
}

TEST_F(IngressTest, WithoutAConfirmInTimeItIsNotKnown) {
  start();
  shop.keep();
  auto c = client();
  auto answer = c.ask(post("/v1/publish/shop/order.a?timeout=50ms", "x"));
  EXPECT_EQ(answer.status, 504);
  EXPECT_EQ(answer.error(), "timed_out");
  EXPECT_EQ(answer.delivered(), "unknown");
  EXPECT_FALSE(shop.wanted()) << "a broker that has not sent it need not";
  EXPECT_GT(ingress->status().waiting_bytes, 0u) << "the broker still has it";
  shop.complete();
  EXPECT_TRUE(eventually([&] { return ingress->status().waiting_bytes == 0; }));
  EXPECT_THAT(ends(), ElementsAre(Pair("shop timed_out", 1)));
}

TEST_F(IngressTest, MemoryIsBoundedByCount) {
  start(", max_requests: 2, timeout: 30s");
  shop.keep();
  std::vector<Client> waiting;
  for (int i = 0; i < 2; ++i) waiting.push_back(client()), waiting.back().send(post("/v1/publish/shop/order.a", "x"));
  ASSERT_TRUE(eventually([&] { return shop.sent_count() == 2; }));
  auto answer = ask(post("/v1/publish/shop/order.a", "x"));
  EXPECT_THAT(answer.status, testing::AnyOf(429, 503));
  EXPECT_THAT(answer.words(), HasSubstr("2 requests"));
  // After a second without a word from it, the broker is to blame.
  ASSERT_TRUE(eventually([&] { return ask(post("/v1/publish/shop/order.a", "x")).status == 503; }));
  for (auto& one : waiting) {
    shop.complete();
    EXPECT_EQ(one.receive().status, 204);
  }
  shop.always(Outcome{});
}

TEST_F(IngressTest, MemoryIsBoundedByBytes) {
  start(", max_body: 10KiB, max_waiting: 12KiB");
  shop.keep();
  auto first = client();
  first.send(post("/v1/publish/shop/order.a", std::string(9000, 'x')));
  ASSERT_TRUE(eventually([&] { return shop.sent_count() == 1; }));
  EXPECT_THAT(ask(post("/v1/publish/shop/order.a", std::string(9000, 'x'))).status, testing::AnyOf(429, 503));
  auto second = client();
  second.send(post("/v1/publish/shop/order.a", "small"));
  ASSERT_TRUE(eventually([&] { return shop.sent_count() == 2; }));
  for (auto* one : {&first, &second}) {
    shop.complete();
    EXPECT_EQ(one->receive().status, 204);
  }
}

TEST_F(IngressTest, AClientThatGoesIsCountedAndItsMessageGoesOn) {
  start();
  shop.keep();
  {
    auto c = client();
    c.send(post("/v1/publish/shop/order.a", "x"));
    ASSERT_TRUE(eventually([&] { return shop.sent_count() == 1; }));
  }
  EXPECT_TRUE(eventually([&] { return ingress->status().unheard == 1; }));
  EXPECT_TRUE(shop.wanted());
  shop.complete();
  EXPECT_TRUE(eventually([&] { return ingress->open() == 0; }));
  EXPECT_THAT(ends(), ElementsAre(Pair("shop delivered", 1)));
  EXPECT_EQ(ingress->status().unheard, 1u);
}

TEST_F(IngressTest, AClientThatGoesInTheMiddleOfABodyHasSentNothing) {
  start();
  {
    auto c = client();
    c.send("POST /v1/publish/shop/order.a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf");
    ASSERT_TRUE(eventually([&] { return ingress->status().waiting_bytes > 0; }));
  }
  EXPECT_TRUE(eventually([&] { return ingress->status().connections == 0; }));
  EXPECT_EQ(ask(post("/v1/publish/shop/order.a", "x")).status, 204);
  EXPECT_THAT(shop.sent(), SizeIs(1));
  EXPECT_TRUE(eventually([&] { return ingress->status().waiting_bytes == 0; }));
}

TEST_F(IngressTest, AReplyIsTheAnswer) {
  start();
  auto c = client();
  auto sent = sent_request(c, "?timeout=20s");
  EXPECT_EQ(sent.target, "order.ask");
  EXPECT_EQ(sent.body, "question");
  EXPECT_EQ(sent.expiration, "20000");
  EXPECT_THAT(*sent.reply_to, StartsWith("mombridge.ingress."));
  Message reply;
  reply.body = "answer";
  reply.content_type = "text/plain";
  reply.correlation_id = *sent.correlation_id;
  Header headers[] = {{"price", Value::of(int64_t{5})}};
  reply.headers = headers;
  requester.load()->reply(reply);
  auto answer = c.receive();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "answer");
  EXPECT_THAT(answer.head, HasSubstr("Content-Type: text/plain\r\n"));
  EXPECT_THAT(answer.head, HasSubstr("Mombridge-Header-price: 5\r\n"));
  EXPECT_THAT(ends(), ElementsAre(Pair("shop replied", 1)));
  EXPECT_GT(ingress->status().waiting_bytes, 0u) << "it has not been confirmed yet";
  requester.load()->complete();
  EXPECT_TRUE(eventually([&] { return ingress->status().waiting_bytes == 0; }));
  // A second one for the same request finds nobody.
  requester.load()->reply(reply);
  EXPECT_TRUE(eventually([&] { return ingress->status().late_replies == 1; }));
  // One to a replica, which comes through the same topic, is that one's.
  reply.correlation_id = "ingress-0000000000000000-00";
  requester.load()->reply(reply);
  reply.correlation_id = "somebody's";
  requester.load()->reply(reply);
  EXPECT_TRUE(eventually([&] { return ingress->status().late_replies == 2; }));
}

TEST_F(IngressTest, WithoutAReplyInTime) {
  start();
  auto c = client();
  auto sent = sent_request(c, "?timeout=3s");
  requester.load()->complete();
  auto answer = c.receive();
  EXPECT_EQ(answer.status, 504);
  EXPECT_THAT(answer.words(), HasSubstr("the request was delivered, and no reply came"));
  Message late;
  late.correlation_id = *sent.correlation_id;
  requester.load()->reply(late);
  EXPECT_TRUE(eventually([&] { return ingress->status().late_replies == 1; }));
  EXPECT_EQ(ingress->status().waiting_bytes, 0u);
}

TEST_F(IngressTest, ARequestThatIsRefusedEndsAtOnce) {
  start();
  auto c = client();
  sent_request(c);
  requester.load()->complete(Outcome::refused("NO_ROUTE"));
  EXPECT_EQ(c.receive().status, 422);
}

TEST_F(IngressTest, ABridgesErrorReplyIsAnError) {
  start();
  auto c = client();
  auto sent = sent_request(c);
  requester.load()->complete();
  Message reply;
  reply.correlation_id = *sent.correlation_id;
  reply.body = "no queue takes it";
  Header headers[] = {{header::kError, Value::of("undeliverable")}};
  reply.headers = headers;
  requester.load()->reply(reply);
  auto answer = c.receive();
  EXPECT_EQ(answer.status, 502);
  EXPECT_EQ(answer.error(), "failed");
  EXPECT_EQ(answer.words(), "undeliverable: no queue takes it");
}

TEST_F(IngressTest, AReplysHeadersCannotForgeAnAnswer) {
  start();
  auto c = client();
  auto sent = sent_request(c);
  Message reply;
  reply.correlation_id = *sent.correlation_id;
  reply.content_type = "text/plain\r\nSet-Cookie: a=b";
  requester.load()->reply(reply);
  auto answer = c.receive();
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.head, Not(HasSubstr("Set-Cookie")));
  requester.load()->complete();
}

TEST_F(IngressTest, ARequestWaitsForItsConnection) {
  connects = false;
  start();
  auto c = client();
  auto answer = c.ask(post("/v1/request/shop/order.ask?timeout=50ms", ""));
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.delivered(), "no");
  EXPECT_THAT(answer.words(), HasSubstr("no connection for requests to broker shop in time"));
  EXPECT_EQ(requester.load()->sent_count(), 0u);
  c.send(post("/v1/request/shop/order.ask?timeout=20s", ""));
  requester.load()->connected = true;
  EXPECT_TRUE(eventually([&] { return requester.load()->sent_count() == 1; }));
  requester.load()->complete(Outcome::refused("enough"));
  EXPECT_EQ(c.receive().status, 422);
}

TEST_F(IngressTest, AChangedBrokerGetsAnotherConnection) {
  start();
  auto c = client();
  auto sent = sent_request(c);
  auto* former = requester.load();
  topology::Difference difference;
  difference.brokers["shop"] = topology::Change::changed;
  ingress->use(config, difference);
  auto d = client();
  d.send(post("/v1/request/shop/order.ask", "second"));
  EXPECT_TRUE(eventually([&] { return requester.load() != former && requester.load()->sent_count() == 1; }));
  // The former one still brings the reply, and goes then.
  former->complete();
  Message reply;
  reply.correlation_id = *sent.correlation_id;
  former->reply(reply);
  EXPECT_EQ(c.receive().status, 200);
  requester.load()->complete(Outcome::refused("enough"));
  EXPECT_EQ(d.receive().status, 422);
}

TEST_F(IngressTest, DrainsInOrder) {
  start();
  shop.keep();
  auto idle = client();
  idle.send(post("/v1/publish/shop/other", ""));
  idle.receive();
  auto open = client();
  open.send(post("/v1/publish/shop/order.a", "x"));
  ASSERT_TRUE(eventually([&] { return shop.sent_count() == 1; }));
  ingress->drain();
  EXPECT_TRUE(idle.closed());
  auto late = ask(post("/v1/publish/shop/order.a", "x"));
  EXPECT_EQ(late.status, 503);
  EXPECT_EQ(late.error(), "stopping");
  EXPECT_THAT(late.head, HasSubstr("Connection: close"));
  EXPECT_THAT(late.head, HasSubstr("Retry-After"));
  shop.complete();
  auto answer = open.receive();
  EXPECT_EQ(answer.status, 204);
  EXPECT_THAT(answer.head, HasSubstr("Connection: close"));
  EXPECT_TRUE(open.closed());
}

TEST_F(IngressTest, AtItsEndItAnswersWhatIsOpen) {
  start();
  shop.keep();
  auto c = client();
  c.send(post("/v1/publish/shop/order.a", "x"));
  ASSERT_TRUE(eventually([&] { return shop.sent_count() == 1; }));
  shop.complete(Outcome::away("the bridge is stopping"));
  ingress->stop();
  auto answer = c.receive();
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.delivered(), "unknown");
}

TEST_F(IngressTest, AReloadChangesAllButWhereItListens) {
  start();
  EXPECT_TRUE(Ingress::listens_by(ingress.get(), *config));
  auto next = configured(", max_body: 1KiB, token: t");
  topology::Difference same;
  same.brokers["shop"] = topology::Change::same;
  ingress->use(next, same);
  EXPECT_TRUE(Ingress::listens_by(ingress.get(), *next));
  EXPECT_EQ(ask(post("/v1/publish/shop/order.a", "x")).status, 401);
  EXPECT_EQ(ask(post("/v1/publish/shop/order.a", std::string(2000, 'x'), "Authorization: Bearer t\r\n")).status, 413);
  EXPECT_FALSE(Ingress::listens_by(ingress.get(), *configured({}, "127.0.0.1:1")));
  EXPECT_FALSE(Ingress::listens_by(nullptr, *next));
}

TEST_F(IngressTest, AnAddressThatIsTakenIsNamedWithItsPlace) {
  start();
  auto second = Ingress::listen(config, {}, {});
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().text, HasSubstr("c.yaml:6:19: ingress.listen: cannot listen at "));
}

}  // namespace
}  // namespace mombridge::http_ingress
