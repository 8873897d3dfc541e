// Channel 0: login, tuning, closing and the broker's alarms.

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "base/text.hpp"
#include "broker/amqp/connection.hpp"
#include "broker/amqp/table.hpp"

namespace mombridge::amqp {

namespace {

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

std::string_view property(const std::vector<Header>& table, std::string_view name) {
  for (auto& h : table)
    if (h.name == name && h.value.is_text()) return h.value.text;
  return {};
}

/// What speaks where RabbitMQ was expected, by its first bytes.
std::string describe_stranger(std::string_view bytes) {
  constexpr char kTlsAlert = 0x15, kTlsHandshake = 0x16;
  if (bytes.starts_with("AMQP")) return "the broker does not speak AMQP 0-9-1";
  if (bytes[0] == kTlsAlert || bytes[0] == kTlsHandshake)
    return "this port speaks TLS: is it the one for amqps:// (5671)? For amqp:// RabbitMQ usually listens on 5672";
  if (bytes.starts_with("HTTP"))
    return "this port speaks HTTP: is it RabbitMQ's management (15672)? For amqp:// it usually listens on 5672";
  return "this port does not speak AMQP, it says '" + printable(bytes, 32) + "': is this RabbitMQ's port?";
}

// The broker's own words, and what to do about them.
std::string limit_reached(const std::string& why, const Settings& settings) {
  return "closed by the broker: " + why + "; this bridge " + connections_needed(settings) +
         ": raise the limit, or subscribe to less";
}

}  // namespace

// The first frame is a method of channel 0. Whatever else begins a stream, its first bytes say what it is.
bool Connection::is_amqp() {
  auto bytes = in_.rest();
  if (bytes[0] == AMQP_FRAME_METHOD) return true;
  fail_with("cannot connect to " + endpoint_text_ + ": " + describe_stranger(bytes));
  return false;
}

void Connection::control(amqp_method_number_t id, void* decoded) {
  switch (id) {
    case AMQP_CONNECTION_TUNE_METHOD:
      if (state_ == State::tuning) return tune(*static_cast<amqp_connection_tune_t*>(decoded));
      break;
    case AMQP_CONNECTION_OPEN_OK_METHOD:
      if (state_ != State::opening) break;
      state_ = State::open;
      loop_.cancel(std::exchange(deadline_, 0));
      if (heartbeat_interval_ > Duration::zero()) await_heartbeat();
      return user_.opened();
    case AMQP_CONNECTION_CLOSE_METHOD:
      return closed_by_broker(*static_cast<amqp_connection_close_t*>(decoded));
    case AMQP_CONNECTION_CLOSE_OK_METHOD:
      return fail_with("stopped");
    case AMQP_CONNECTION_BLOCKED_METHOD:
      return user_.blocked(printable(view(static_cast<amqp_connection_blocked_t*>(decoded)->reason), 256));
    case AMQP_CONNECTION_UNBLOCKED_METHOD:
      return user_.unblocked();
    default:
      return;
  }
  fail_with("the broker sent a method out of turn");
}

void Connection::closed_by_broker(const amqp_connection_close_t& close) {
  close_code_ = close.reply_code;
  close_method_ = static_cast<amqp_method_number_t>(close.class_id) << 16 | close.method_id;
  auto why = std::to_string(close.reply_code) + " " + printable(view(close.reply_text), 512);
  bool limited = close.reply_code == AMQP_NOT_ALLOWED && why.find("limit") != std::string::npos;
  if (limited)
    end_ = End::limited;
  else if (state_ == State::tuning || state_ == State::opening)
    end_ = End::login_refused;
  else if (close.reply_code >= 500)
    end_ = End::blamed;
  amqp_connection_close_ok_t ok{};
  send(0, AMQP_CONNECTION_CLOSE_OK_METHOD, &ok);
  auto epoch = epoch_;
  flush();
  if (epoch == epoch_) fail_with(limited ? limit_reached(why, settings_) : "closed by the broker: " + why);
}

// Version, server-properties, mechanisms, locales. Decoded here because it is the one method with a table that a server
// sends, and rabbitmq-c's decoder of tables recurses without bound.
void Connection::start(std::string_view arguments) {
  Reader in(arguments);
  in.number<uint16_t>();
  auto table = in.long_string(), offered = in.long_string();
  std::vector<Header> properties_of_server;
  Arena arena;
  unsigned dropped = 0;
  if (state_ != State::starting || !in.ok() || !decode_table(table, properties_of_server, arena, dropped))
    return fail_with("the broker's greeting is not understood");
  auto product = property(properties_of_server, "product"), version = property(properties_of_server, "version");
  server_ = printable(product, 64) + " " + printable(version, 64);
  server_major_ = 0;
  std::from_chars(version.data(), version.data() + version.size(), server_major_);
  auto mechanisms = " " + std::string(offered) + " ";
  if (mechanisms.find(" PLAIN ") == std::string::npos)
    return fail_with("the broker does not take PLAIN logins, but:" + printable(mechanisms, 256));

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

  std::string response = std::string(1, '\0') + target_->user + std::string(1, '\0') + target_->password.reveal();
  amqp_connection_start_ok_t ok{.client_properties = {static_cast<int>(properties.size()), properties.data()},
                                .mechanism = amqp_cstring_bytes("PLAIN"),
                                .response = bytes(response),
                                .locale = amqp_cstring_bytes("en_US")};
  state_ = State::tuning;
  send(0, AMQP_CONNECTION_START_OK_METHOD, &ok);
  flush();
}

void Connection::tune(const amqp_connection_tune_t& tune) {
  constexpr size_t kSmallestFrameMax = 4096;  // by the specification
  constexpr auto kOurs = FrameReader::kOurFrameMax;
  in_.agree(std::max(kSmallestFrameMax, tune.frame_max ? std::min<size_t>(tune.frame_max, kOurs) : kOurs));
  channel_max_ = tune.channel_max ? tune.channel_max : std::numeric_limits<uint16_t>::max();
  auto ours = std::chrono::duration_cast<std::chrono::seconds>(settings_.heartbeat).count();
  auto seconds = ours && tune.heartbeat ? std::min<int64_t>(ours, tune.heartbeat) : ours;
  heartbeat_interval_ = std::chrono::seconds(seconds);
  amqp_connection_tune_ok_t ok{.channel_max = tune.channel_max,
                               .frame_max = static_cast<uint32_t>(frame_max()),
                               .heartbeat = static_cast<uint16_t>(seconds)};
  send(0, AMQP_CONNECTION_TUNE_OK_METHOD, &ok);
  amqp_connection_open_t open{.virtual_host = bytes(target_->vhost), .capabilities = amqp_empty_bytes, .insist = 0};
  state_ = State::opening;
  send(0, AMQP_CONNECTION_OPEN_METHOD, &open);
  flush();
}

}  // namespace mombridge::amqp
