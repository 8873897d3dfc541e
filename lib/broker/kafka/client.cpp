#include "broker/kafka/client.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <future>
#include <memory>
#include <sys/eventfd.h>
#include <system_error>
#include <thread>

#include "base/counters.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

namespace mombridge::kafka {

namespace {

// The link's state says what matters; these lines are for whoever looks closer.
void write_log(const rd_kafka_t* client, int level, const char* facility, const char* text) {
  static log::Repeated repeated;
  constexpr int kWarning = 4;
  std::string_view name = rd_kafka_name(client);
  bool loud = level <= kWarning && std::string_view(facility) != "CONFWARN";
  if (!loud) return log::debug(text, {{"client", name}, {"facility", facility}});
  repeated.event(log::Level::warn, text, {{"client", name}, {"facility", facility}});
}

void ignore_log(const rd_kafka_t*, int, const char*, const char*) {}

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
  for (auto& p : properties.fixed)
    if (auto ok = set(conf, p.name, p.value); !ok) return ok;
  return {};
}

}  // namespace

void end_client(rd_kafka_t* client) noexcept {
  constexpr auto kPatience = std::chrono::seconds(3);
  auto ended = std::make_shared<std::promise<void>>();
  auto end = ended->get_future();
  auto destroy = [client, ended] {
    rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    ended->set_value();
  };
  try {
    std::thread(destroy).detach();
  } catch (const std::system_error&) {
    destroy();  // no room for a thread
  }
  if (end.wait_for(kPatience) == std::future_status::ready) return;
  counter("kafka_clients_left_behind").add();
  log::error("a Kafka client does not end, it is left behind", {{"seconds", kPatience.count()}});
}

Result<Client> make_client(rd_kafka_type_t type, const Settings& settings, const ClientProperties& properties,
                           ClientLog log) {
  Conf conf(rd_kafka_conf_new());
  if (auto ok = fill(conf.get(), settings, properties); !ok) return fail(ok.error());
  rd_kafka_conf_set_log_cb(conf.get(), log == ClientLog::on ? write_log : ignore_log);
  rd_kafka_conf_set_events(conf.get(), RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_FETCH | RD_KAFKA_EVENT_ERROR |
                                           RD_KAFKA_EVENT_REBALANCE | RD_KAFKA_EVENT_OFFSET_COMMIT);
  char text[512] = "";
  Client client(rd_kafka_new(type, conf.get(), text, sizeof text));
  if (!client) return fail("librdkafka: " + std::string(text));
  (void)conf.release();  // the client owns it now
  return client;
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

Result<Metadata> ask_metadata(rd_kafka_t* client, rd_kafka_topic_t* topic, bool all) {
  const rd_kafka_metadata_t* metadata = nullptr;
  auto code = rd_kafka_metadata(client, all, topic, &metadata, kQuestionMs);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return fail(describe(code, {}));
  return Metadata(metadata);
}

}  // namespace mombridge::kafka
