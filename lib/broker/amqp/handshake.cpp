#include "broker/amqp/handshake.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "base/log.hpp"
#include "base/text.hpp"
#include "broker/amqp/frame_reader.hpp"
#include "broker/amqp/table.hpp"

namespace mombridge::amqp {

namespace {

constexpr size_t kOurFrameMax = FrameReader::kOurFrameMax;
constexpr size_t kSmallestFrameMax = 4096;  // by the specification

amqp_table_entry_t text_entry(const char* name, std::string_view text) {
  amqp_table_entry_t entry{};
  entry.key = amqp_cstring_bytes(name);
  entry.value.kind = AMQP_FIELD_KIND_UTF8;
  entry.value.value.bytes = bytes(text);
  return entry;
}

amqp_table_entry_t yes(const char* name) {
  amqp_table_entry_t entry{};
  entry.key = amqp_cstring_bytes(name);
  entry.value.kind = AMQP_FIELD_KIND_BOOLEAN;
  entry.value.value.boolean = 1;
  return entry;
}

std::string_view name_of(Mechanism mechanism) { return mechanism == Mechanism::plain ? "PLAIN" : "EXTERNAL"; }

// In RabbitMQ's terms.
std::string how_to_offer(Mechanism mechanism) {
  if (mechanism == Mechanism::plain) return "; in rabbitmq.conf: auth_mechanisms.1 = PLAIN";
  return "; RabbitMQ offers EXTERNAL with its plugin rabbitmq_auth_mechanism_ssl, auth_mechanisms.1 = EXTERNAL and "
         "ssl_options.verify = verify_peer";
}

std::string_view property(const std::vector<Header>& table, std::string_view name) {
  for (auto& h : table)
    if (h.name == name && h.value.is_text()) return h.value.text;
  return {};
}

}  // namespace

Handshake::Handshake(const Settings& settings, std::string role)
    : settings_(settings), role_(std::move(role)), agreed_{.server = {}, .frame_max = kOurFrameMax} {}

void Handshake::begin(const Endpoint& endpoint, Buffer& out, std::optional<Secret> token) {
  endpoint_ = &endpoint;
  token_ = std::move(token);
  stage_ = Stage::greeting;
  agreed_ = {.server = {}, .frame_max = kOurFrameMax};
  out.append("AMQP\0\0\x09\x01", 8);
}

Result<> Handshake::take(amqp_method_number_t id, std::string_view arguments, Buffer& out) {
  if (id == AMQP_CONNECTION_START_METHOD) return start(arguments, out);
  if (id == AMQP_CONNECTION_TUNE_METHOD && stage_ == Stage::tuning) return tune(arguments, out);
  if (id != AMQP_CONNECTION_OPEN_OK_METHOD || stage_ != Stage::opening)
    return fail("the broker sent a method out of turn");
  stage_ = Stage::done;
  return {};
}

// connection.start: version, server-properties, mechanisms, locales.
Result<> Handshake::start(std::string_view arguments, Buffer& out) {
  Reader in(arguments);
  in.number<uint16_t>();
  auto table = in.long_string(), offered = in.long_string();
  std::vector<Header> properties;
  Arena arena;
  unsigned dropped = 0;
  if (stage_ != Stage::greeting || !in.ok() || !decode_table(table, properties, arena, dropped))
    return fail("the broker's greeting is not understood");
  auto product = property(properties, "product"), version = property(properties, "version");
  agreed_.server = printable(product, 64) + " " + printable(version, 64);
  std::from_chars(version.data(), version.data() + version.size(), agreed_.server_major);
  auto mechanisms = " " + std::string(offered) + " ";
  auto wanted = std::string(name_of(settings_.mechanism));
  if (mechanisms.find(" " + wanted + " ") == std::string::npos)
    return fail("the broker does not take " + wanted + " logins, but: " + printable(offered, 256) +
                how_to_offer(settings_.mechanism));
  stage_ = Stage::tuning;
  return start_ok(out);
}

Result<> Handshake::start_ok(Buffer& out) const {
  // Without them the broker would not tell of deleted queues, of alarms, or why a login failed.
  std::array capabilities{
      yes("publisher_confirms"), yes("consumer_cancel_notify"),       yes("basic.nack"),
      yes("connection.blocked"), yes("authentication_failure_close"), yes("exchange_exchange_bindings")};
  std::string name = settings_.appname + " " + role_;
  std::array properties{text_entry("product", "mombridge"), text_entry("platform", "C++"),
                        text_entry("connection_name", name), text_entry("app_id", settings_.appname),
                        amqp_table_entry_t{}};
  auto& last = properties.back();
  last.key = amqp_cstring_bytes("capabilities");
  last.value.kind = AMQP_FIELD_KIND_TABLE;
  last.value.value.table = {static_cast<int>(capabilities.size()), capabilities.data()};

  auto response = this->response();
  amqp_connection_start_ok_t ok{.client_properties = {static_cast<int>(properties.size()), properties.data()},
                                .mechanism = bytes(name_of(settings_.mechanism)),
                                .response = bytes(response),
                                .locale = amqp_cstring_bytes("en_US")};
  return write_method(out, 0, AMQP_CONNECTION_START_OK_METHOD, &ok, kOurFrameMax);
}

// Of EXTERNAL it is empty: the client certificate has said who this is.
std::string Handshake::response() const {
  if (settings_.mechanism == Mechanism::external) return {};
  if (token_) return std::string(1, '\0') + endpoint_->user + std::string(1, '\0') + token_->reveal();
  auto password = endpoint_->password.read();
  if (!password.warning.empty()) log::warn("password", {{"host", endpoint_->host}, {"reason", password.warning}});
  return std::string(1, '\0') + endpoint_->user + std::string(1, '\0') + password.value.reveal();
}

// connection.tune: channel-max, frame-max, heartbeat in seconds; 0: no limit, no heartbeats.
Result<> Handshake::tune(std::string_view arguments, Buffer& out) {
  Reader in(arguments);
  auto channel_max = in.number<uint16_t>();
  auto frame_max = in.number<uint32_t>();
  auto heartbeat = in.number<uint16_t>();
  if (!in.ok()) return fail("a method that cannot be decoded (connection.tune)");
  agreed_.frame_max = std::max(kSmallestFrameMax, frame_max ? std::min<size_t>(frame_max, kOurFrameMax) : kOurFrameMax);
  agreed_.channel_max = channel_max ? channel_max : std::numeric_limits<uint16_t>::max();
  auto ours = std::chrono::duration_cast<std::chrono::seconds>(settings_.heartbeat).count();
  auto seconds = ours && heartbeat ? std::min<int64_t>(ours, heartbeat) : ours;
  agreed_.heartbeat = std::chrono::seconds(seconds);
  stage_ = Stage::opening;
  amqp_connection_tune_ok_t ok{.channel_max = channel_max,
                               .frame_max = static_cast<uint32_t>(agreed_.frame_max),
                               .heartbeat = static_cast<uint16_t>(seconds)};
  amqp_connection_open_t open{.virtual_host = bytes(endpoint_->vhost), .capabilities = amqp_empty_bytes, .insist = 0};
  if (auto wrote = write_method(out, 0, AMQP_CONNECTION_TUNE_OK_METHOD, &ok, agreed_.frame_max); !wrote) return wrote;
  return write_method(out, 0, AMQP_CONNECTION_OPEN_METHOD, &open, agreed_.frame_max);
}

}  // namespace mombridge::amqp
