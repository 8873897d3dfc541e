#include "broker/kafka/connection_error.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <thread>
#include <vector>

#include "base/text.hpp"
#include "broker/kafka/client.hpp"
#include "broker/kafka/client_callbacks.hpp"

namespace mombridge::kafka {

namespace {

using ConfigResource = Handle<rd_kafka_ConfigResource_t, rd_kafka_ConfigResource_destroy>;

constexpr int kMostAsked = 10;
constexpr int kNamed = 3;
constexpr Duration kPause = std::chrono::milliseconds(100);

/// Error events of the client, which say why it does not connect.
void note_errors(rd_kafka_t* client, ConnectionError& error) {
  Queue events(rd_kafka_queue_get_main(client));
  while (Event event{rd_kafka_queue_poll(events.get(), 0)})
    if (rd_kafka_event_type(event.get()) == RD_KAFKA_EVENT_ERROR)
      error.note(client, rd_kafka_event_error(event.get()), rd_kafka_event_error_string(event.get()));
}

/// Whether `server` ("host:port") is one of the list, with or without a protocol in front.
bool named(std::string_view servers, std::string_view server) {
  for (size_t at = servers.find(server); at != std::string_view::npos; at = servers.find(server, at + 1)) {
    auto end = at + server.size();
    bool begins = at == 0 || servers[at - 1] == ',' || servers[at - 1] == ' ' || servers[at - 1] == '/';
    bool ends = end == servers.size() || servers[end] == ',' || servers[end] == ' ';
    if (begins && ends) return true;
  }
  return false;
}

/// The first four bytes of an answer are taken for its size, which tells what sent them; empty: it may be Kafka.
std::string not_kafka(std::string_view what) {
  constexpr std::string_view kSize = "Invalid response size ";
  auto at = what.find(kSize);
  if (at == std::string_view::npos) return {};
  uint32_t size = 0;
  std::from_chars(what.data() + at + kSize.size(), what.data() + what.size(), size);
  std::array<char, 4> bytes{};
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(size >> (24 - 8 * i));
  std::string_view answer(bytes.data(), bytes.size());
  if (answer == "AMQP") return "it answers AMQP, as RabbitMQ's port does";
  if (answer == "HTTP") return "it answers HTTP";
  if (answer.starts_with(std::string_view("\x15\x03", 2))) return "it answers TLS: tls: {} makes the bridge speak it";
  if (std::ranges::all_of(answer, [](char c) { return c >= ' ' && c <= '~'; }))
    return "its answer begins with \"" + std::string(answer) + '"';
  return size > 100'000'000 ? "its answer is of no protocol that is known here" : std::string();
}

std::string unreachable(const std::string& servers, std::string_view what) {
  std::string_view how = "cannot be reached from here";
  if (what.find("Failed to resolve") != std::string_view::npos) how = "cannot be resolved here";
  if (what.find("Connection refused") != std::string_view::npos) how = "refuses connections";
  return "the cluster advertises " + servers + ", which " + std::string(how) +
         ": is it down, or does the broker's advertised.listeners not name an address that its clients can reach? (" +
         std::string(what) + ")";
}

/// As in "k1:9092/1: Disconnected: SSL connection closed by peer (after 600123ms in state UP)".
bool was_closed(std::string_view text) {
  return text.find(": Disconnected") != std::string_view::npos && text.find("in state UP") != std::string_view::npos;
}

std::string server_of(const rd_kafka_metadata_broker_t& broker) {
  return std::string(broker.host) + ":" + std::to_string(broker.port);
}

/// Any answer of that broker will do; that something is not allowed is one.
void ask_broker(rd_kafka_t* client, int32_t id, rd_kafka_queue_t* answers) {
  ConfigResource broker(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_BROKER, std::to_string(id).c_str()));
  AdminOptions options(rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS));
  char text[256];
  rd_kafka_AdminOptions_set_request_timeout(options.get(), 2 * kQuestionMs, text, sizeof text);
  auto* one = broker.get();
  rd_kafka_DescribeConfigs(client, &one, 1, options.get(), answers);
}

bool answered(rd_kafka_event_t* event) {
  switch (rd_kafka_event_error(event)) {
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__SSL:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR__DESTROY:
      return false;
    default:
      return true;
  }
}

}  // namespace

// "ssl://k1:9093/2: text", "k1:9092/bootstrap: text", "GroupCoordinator: k1:9092: text"
ConnectionParts connection_parts(std::string_view text) {
  ConnectionParts parts;
  for (std::string_view logical : {"GroupCoordinator: ", "TxnCoordinator: "})
    if (text.starts_with(logical)) {
      text.remove_prefix(logical.size());
      parts.bootstrap = false;
    }
  auto end = text.find(": ");
  if (end == std::string_view::npos) return parts;
  parts.server = text.substr(0, end);
  parts.what = text.substr(end + 2);
  if (auto scheme = parts.server.find("://"); scheme != std::string_view::npos) parts.server.remove_prefix(scheme + 3);
  if (auto slash = parts.server.find('/'); slash != std::string_view::npos) {
    if (parts.server.substr(slash) != "/bootstrap") parts.bootstrap = false;
    parts.server = parts.server.substr(0, slash);
  }
  if (auto after = parts.what.rfind(" (after "); after != std::string_view::npos)
    parts.what = parts.what.substr(0, after);
  return parts;
}

std::string explain_connection(std::string_view text, std::string_view servers) {
  auto parts = connection_parts(text);
  if (parts.server.empty()) return {};
  auto server = printable(parts.server, 256);
  if (auto why = not_kafka(parts.what); !why.empty()) return server + " does not speak Kafka: " + why;
  bool not_there = parts.what.starts_with("Failed to resolve") || parts.what.starts_with("Connect to ") ||
                   parts.what.starts_with("Connection setup timed out");
  if (parts.bootstrap || !not_there || named(servers, parts.server)) return {};
  return unreachable(server, printable(parts.what, 256));
}

bool ConnectionError::note(const rd_kafka_t* client, rd_kafka_resp_err_t code, std::string_view text) {
  if (login_was_overtaken(text)) return true;
  bool unclear = false;
  switch (code) {
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__BAD_MSG:
      unclear = true;
      break;
    case RD_KAFKA_RESP_ERR__SSL:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
      break;
    default:
      return false;
  }
  auto words = explain_connection(text, servers_);
  auto login = words.empty() ? login_error(client, text) : LoginError{};
  if (!login.words.empty()) words = login.words;
  only_closed_ = code == RD_KAFKA_RESP_ERR__TRANSPORT && (login.words.empty() || login.guess) && was_closed(text);
  refused_ |= login.words.empty() ? !unclear : login.refused;
  bool clear = !login.guess && (!unclear || !words.empty());
  if (clear_words_ && !clear) return true;
  clear_words_ = clear;
  reason_ = words.empty() ? describe(code, text) : words;
  return true;
}

LoginError ConnectionError::login_error(const rd_kafka_t* client, std::string_view text) const {
  auto parts = connection_parts(text);
  if (parts.server.empty()) return {};
  auto* context = client ? context_of(client) : nullptr;
  std::string server(parts.server);
  auto error = explain_login(parts.what, login_, context ? context->verification.of(server) : std::string());
  if (!error.words.empty()) error.words = printable(server, 256) + ": " + error.words;
  return error;
}

const std::string& ConnectionError::reason(const std::string& otherwise) const {
  return reason_.empty() ? otherwise : reason_;
}

void ConnectionError::clear() {
  reason_.clear();
  clear_words_ = false;
  only_closed_ = true;
  refused_ = false;
}

// Where one of the addresses is the one that answered, there is nothing to ask.
Result<> ask_reachable(rd_kafka_t* client, const std::string& servers, TimePoint deadline) {
  auto metadata = ask_metadata(client, nullptr, deadline);
  if (!metadata) return fail(metadata.error());
  int count = std::min((*metadata)->broker_cnt, kMostAsked);
  std::string advertised;
  for (int i = 0; i < count; ++i) {
    auto server = server_of((*metadata)->brokers[i]);
    if (named(servers, server)) return {};
    if (i < kNamed) advertised += (i ? ", " : "") + server;
  }
  Queue answers(rd_kafka_queue_new(client));
  for (int i = 0; i < count; ++i) ask_broker(client, (*metadata)->brokers[i].id, answers.get());
  std::string last;
  for (int i = 0; i < count; ++i) {
    Event event(rd_kafka_queue_poll(answers.get(), milliseconds_until(deadline, 3 * kQuestionMs)));
    if (!event) break;
    if (answered(event.get())) return {};
    last = rd_kafka_event_error_string(event.get());
  }
  if (!count) return {};
  return fail(unreachable(advertised, printable(last, 256)));
}

Result<> await_reachable(rd_kafka_t* client, const Settings& settings, TimePoint deadline) {
  ConnectionError error(settings);
  for (;;) {
    auto reached = ask_reachable(client, settings.bootstrap_servers, deadline);
    if (reached) return {};
    note_errors(client, error);
    if (error.refused() || Clock::now() >= deadline) return fail(error.reason(reached.error().text));
    std::this_thread::sleep_for(kPause);
  }
}

}  // namespace mombridge::kafka
