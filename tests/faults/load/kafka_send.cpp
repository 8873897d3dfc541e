#include <cstring>
#include <memory>
#include <string>

#include <librdkafka/rdkafka.h>

#include "body.hpp"
#include "clients.hpp"
#include "kafka_conf.hpp"
#include "pacer.hpp"

namespace faults {

namespace {

constexpr unsigned kSeqBits = 48;

struct Sending {
  const std::vector<Flow>& flows;
  Journal& journal;
  uint64_t open = 0;
};

void reported(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
  auto& sending = *static_cast<Sending*>(opaque);
  auto id = reinterpret_cast<uint64_t>(message->_private);
  --sending.open;
  sending.journal.line("%c %llu %s %llu", message->err ? 'N' : 'C', static_cast<unsigned long long>(now_ms()),
                       sending.flows[id >> kSeqBits].name.c_str(),
                       static_cast<unsigned long long>(id & ((1ull << kSeqBits) - 1)));
}

using Producer = std::unique_ptr<rd_kafka_t, decltype(&rd_kafka_destroy)>;

Producer make_producer(const std::string& servers, Sending& sending) {
  auto* conf = kafka_conf({{"bootstrap.servers", servers},
                           // What may have been appended is never sent again: a copy would look like one of the
                           // bridge's. So it needs no idempotence, which has errors that only a new client gets over.
                           // What a node refuses that does not lead is sent again, and before what came after it.
                           {"retries", "0"},
                           {"max.in.flight.requests.per.connection", "1"},
                           {"linger.ms", "5"},
                           {"message.timeout.ms", "0"},
                           {"request.timeout.ms", "3000"},
                           {"message.max.bytes", "20000000"},
                           {"queue.buffering.max.messages", "20000"}});
  rd_kafka_conf_set_opaque(conf, &sending);
  rd_kafka_conf_set_dr_msg_cb(conf, reported);
  char error[256];
  Producer producer(rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof error), rd_kafka_destroy);
  if (!producer) std::fprintf(stderr, "kafka-send: %s\n", error);
  return producer;
}

/// Whatever it still has is reported as not confirmed.
void give_up(rd_kafka_t* producer) {
  rd_kafka_purge(producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  rd_kafka_flush(producer, 1000);
}

bool send(rd_kafka_t* producer, const Flow& flow, size_t index, uint64_t seq, Journal& journal) {
  auto id = id_text(flow.name, seq);
  auto body = make_body(flow.name, seq, flow.size);
  auto key = "k" + std::to_string(seq % flow.keys);
  auto* headers = rd_kafka_headers_new(3);
  rd_kafka_header_add(headers, "customer", -1, key.data(), static_cast<ssize_t>(key.size()));
  if (!flow.reply_to.empty()) {
    rd_kafka_header_add(headers, "kafka_replyTopic", -1, flow.reply_to.data(),
                        static_cast<ssize_t>(flow.reply_to.size()));
    rd_kafka_header_add(headers, "kafka_correlationId", -1, id.data(), static_cast<ssize_t>(id.size()));
  }
  auto* tag = reinterpret_cast<void*>((static_cast<uint64_t>(index) << kSeqBits) | seq);
  auto error = rd_kafka_producev(producer, RD_KAFKA_V_TOPIC(flow.to.c_str()), RD_KAFKA_V_KEY(key.data(), key.size()),
                                 RD_KAFKA_V_VALUE(body.data(), body.size()), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                 RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_OPAQUE(tag), RD_KAFKA_V_END);
  if (error) {
    rd_kafka_headers_destroy(headers);
    return false;
  }
  journal.line("A %llu %s %llu", static_cast<unsigned long long>(now_ms()), flow.name.c_str(),
               static_cast<unsigned long long>(seq));
  return true;
}

}  // namespace

int kafka_send(const std::string& servers, const std::vector<Flow>& flows, Journal& journal) {
  Sending sending{flows, journal};
  auto producer = make_producer(servers, sending);
  if (!producer) return 1;
  std::vector<Pacer> pacers;
  for (auto& flow : flows) pacers.emplace_back(flow.rate);
  std::vector<uint64_t> seq(flows.size());
  while (!stopping) {
    for (size_t i = 0; i < flows.size(); ++i)
      for (auto due = pacers[i].due(); due-- && (!flows[i].count || seq[i] < flows[i].count);) {
        if (!send(producer.get(), flows[i], i, seq[i] + 1, journal)) break;  // its queue is full
        pacers[i].sent();
        ++seq[i];
        ++sending.open;
      }
    journal.flush();
    rd_kafka_poll(producer.get(), 3);
    journal.flush();
  }
  for (auto end = now_ms() + kConfirmPatienceMs; sending.open && now_ms() < end;) rd_kafka_flush(producer.get(), 100);
  give_up(producer.get());
  journal.flush();
  return 0;
}

}  // namespace faults
