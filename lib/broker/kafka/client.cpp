#include "broker/kafka/client.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <memory>
#include <sys/eventfd.h>
#include <system_error>

#include "base/text.hpp"
#include "broker/kafka/client_callbacks.hpp"
#include "broker/kafka/empty_polls.hpp"
#include "broker/kafka/security_properties.hpp"

namespace mombridge::kafka {

namespace {

Result<> set(rd_kafka_conf_t* conf, const char* name, const std::string& value) {
  char text[512] = "";
  if (rd_kafka_conf_set(conf, name, value.c_str(), text, sizeof text) == RD_KAFKA_CONF_OK) return {};
  return fail("librdkafka: " + std::string(text));
}

Result<> fill(rd_kafka_conf_t* conf, const Settings& settings, const ClientProperties& properties) {
  for (auto& p : properties.defaults)
    if (auto ok = set(conf, p.name, p.value); !ok) return ok;
  for (auto& key : settings.librdkafka)
    if (auto ok = set(conf, key.name.c_str(), key.value); !ok) return ok;
  auto security = security_properties(settings.security);
  if (!security) return fail(security.error());
  for (auto& p : *security)
    if (auto ok = set(conf, p.name, p.value); !ok) return ok;
  for (auto& p : properties.fixed)
    if (auto ok = set(conf, p.name, p.value); !ok) return ok;
  return {};
}

}  // namespace

Result<Client> make_client(rd_kafka_type_t type, const Settings& settings, const ClientProperties& properties,
                           ClientLog log) {
  if (settings.tokens)
    if (auto token = settings.tokens->present(); !token) return fail(token.error());
  Conf conf(rd_kafka_conf_new());
  // Before the files are read for the client: a file that changes meanwhile is one that has changed.
  auto context = std::make_unique<ClientContext>(settings);
  if (auto ok = fill(conf.get(), settings, properties); !ok) return fail(ok.error());
  if (type == RD_KAFKA_PRODUCER) let_polls_wait();
  rd_kafka_conf_set_opaque(conf.get(), context.get());
  rd_kafka_conf_set_socket_cb(conf.get(), open_socket);
  rd_kafka_conf_set_ssl_cert_verify_cb(conf.get(), verify_certificate);
  rd_kafka_conf_set_connect_cb(conf.get(), connect_socket);
  rd_kafka_conf_set_closesocket_cb(conf.get(), close_socket);
  rd_kafka_conf_set_log_cb(conf.get(), log == ClientLog::on ? write_log : ignore_log);
  rd_kafka_conf_set_events(conf.get(), RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_FETCH | RD_KAFKA_EVENT_ERROR |
                                           RD_KAFKA_EVENT_REBALANCE | RD_KAFKA_EVENT_OFFSET_COMMIT);
  char text[512] = "";
  Client client(rd_kafka_new(type, conf.get(), text, sizeof text));
  if (!client) return fail("librdkafka: " + std::string(text));
  context->credentials.use(client.get(), property_of(client.get(), "sasl.username"),
                           Secret(property_of(client.get(), "sasl.password")));
  context->tokens.begin(client.get());
  (void)conf.release();     // the client owns it now
  (void)context.release();  // end_client() frees it
  return client;
}

bool login_run_out(const rd_kafka_t* client, rd_kafka_resp_err_t code) {
  auto* context = context_of(client);
  switch (code) {
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
      if (context) context->tokens.login_refused();
      return false;
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      return context && context->tokens.run_out();
    default:
      return false;
  }
}

bool tls_files_changed(const rd_kafka_t* client) {
  auto* context = context_of(client);
  return context && context->tls_files.changed();
}

std::string property_of(rd_kafka_t* client, const char* name) {
  auto* conf = rd_kafka_conf(client);
  size_t size = 0;
  if (rd_kafka_conf_get(conf, name, nullptr, &size) != RD_KAFKA_CONF_OK || !size) return {};
  std::string value(size, '\0');
  rd_kafka_conf_get(conf, name, value.data(), &size);
  value.resize(size - 1);
  return value;
}

Signal::Signal() : fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (!fd_) throw std::system_error(errno, std::generic_category(), "eventfd");
}

void Signal::watch(rd_kafka_queue_t* queue) const {
  static const uint64_t kOne = 1;
  rd_kafka_queue_io_event_enable(queue, fd_.get(), &kOne, sizeof kOne);
}

void Signal::clear() const {
  uint64_t count;
  [[maybe_unused]] auto ignored = ::read(fd_.get(), &count, sizeof count);
}

std::string describe(rd_kafka_resp_err_t code, std::string_view text) {
  std::string line = text.empty() ? rd_kafka_err2str(code) : printable(text, 512);
  return line + " (" + rd_kafka_err2name(code) + ")";
}

int milliseconds_until(TimePoint deadline, int at_most) {
  auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return static_cast<int>(std::clamp<int64_t>(left, 1, at_most));
}

Result<Metadata> ask_metadata(rd_kafka_t* client, rd_kafka_topic_t* topic, TimePoint deadline, bool all) {
  const rd_kafka_metadata_t* metadata = nullptr;
  auto code = rd_kafka_metadata(client, all, topic, &metadata, milliseconds_until(deadline, kQuestionMs));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return fail(describe(code, {}));
  return Metadata(metadata);
}

}  // namespace mombridge::kafka
