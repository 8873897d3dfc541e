#include <chrono>
#include <map>
#include <thread>

#include "amqp_link.hpp"
#include "body.hpp"
#include "clients.hpp"
#include "pacer.hpp"

namespace faults {

namespace {

constexpr size_t kWindow = 2000;

/// One flow, one connection, one thread. What is unconfirmed when the connection breaks stays so: it may have arrived
/// or not, and sending it again would make duplicates that are not the bridge's.
class Sender {
 public:
  Sender(const std::string& url, const Flow& flow, Journal& journal)
      : url_(url), flow_(flow), journal_(journal), pacer_(flow.rate) {}

  void run() {
    while (!stopping && (!flow_.count || seq_ < flow_.count)) {
      if (!link_.is_open() && !connect()) {
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
        continue;
      }
      send_due();
      journal_.flush();
      take_confirms(2);
      journal_.flush();
      if (nacked_ && link_.several()) leave();
    }
    for (auto end = now_ms() + kConfirmPatienceMs; link_.is_open() && !open_.empty() && now_ms() < end;)
      take_confirms(20);
    journal_.flush();
  }

 private:
  /// A channel that first published to a quorum queue while the queue's leader was away nacks until that node is back,
  /// whoever leads by then (RabbitMQ 3.10, rabbit_fifo_client). A new channel knows the new leader.
  void leave() {
    link_.close();
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }

  bool connect() {
    open_.clear();
    nacked_ = false;
    tag_ = 0;
    if (!link_.open(url_)) return false;
    amqp_confirm_select(link_.get(), 1);
    if (amqp_get_rpc_reply(link_.get()).reply_type != AMQP_RESPONSE_NORMAL) link_.close();
    return link_.is_open();
  }

  void send_due() {
    for (auto due = pacer_.due();
         due-- && link_.is_open() && open_.size() < kWindow && (!flow_.count || seq_ < flow_.count);) {
      // A publish after a missed heartbeat would wait for the node for ever (rabbitmq-c before 0.14); this notices it.
      take_confirms(0);
      if (!link_.is_open()) return;
      pacer_.sent();
      send(++seq_);
    }
  }

  void send(uint64_t seq) {
    auto id = id_text(flow_.name, seq);
    auto body = make_body(flow_.name, seq, flow_.size);
    auto key = "k" + std::to_string(seq % flow_.keys);
    amqp_table_entry_t header{amqp_cstring_bytes("customer"), {}};
    header.value.kind = AMQP_FIELD_KIND_UTF8;
    header.value.value.bytes = bytes(key);
    amqp_basic_properties_t properties{};
    properties._flags = AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_MESSAGE_ID_FLAG | AMQP_BASIC_HEADERS_FLAG;
    properties.delivery_mode = 2;
    properties.message_id = bytes(id);
    properties.headers = {1, &header};
    if (!flow_.reply_to.empty()) {
      properties._flags |= AMQP_BASIC_REPLY_TO_FLAG | AMQP_BASIC_CORRELATION_ID_FLAG;
      properties.reply_to = bytes(flow_.reply_to);
      properties.correlation_id = bytes(id);
    }
    journal_.line("A %llu %s %llu", static_cast<unsigned long long>(now_ms()), flow_.name.c_str(),
                  static_cast<unsigned long long>(seq));
    open_[++tag_] = seq;
    if (amqp_basic_publish(link_.get(), 1, amqp_empty_bytes, bytes(flow_.to), 1, 0, &properties, bytes(body)) !=
        AMQP_STATUS_OK)
      link_.close();
  }

  void take_confirms(int wait_ms) {
    amqp_frame_t frame;
    for (int wait = wait_ms; link_.is_open() && link_.next(frame, wait); wait = 0) {
      if (frame.frame_type == AMQP_FRAME_HEADER) {
        // Only what was returned comes back with a header.
        auto* properties = static_cast<amqp_basic_properties_t*>(frame.payload.properties.decoded);
        auto id = text(properties->message_id);
        returned_[std::strtoull(id.c_str() + id.rfind('-') + 1, nullptr, 10)] = true;
      } else if (frame.frame_type == AMQP_FRAME_METHOD) {
        method(frame.payload.method);
      }
      if (link_.is_open()) amqp_maybe_release_buffers(link_.get());
    }
  }

  void method(const amqp_method_t& method) {
    if (method.id == AMQP_BASIC_ACK_METHOD) {
      auto* ack = static_cast<amqp_basic_ack_t*>(method.decoded);
      resolve(ack->delivery_tag, ack->multiple, 'C');
    } else if (method.id == AMQP_BASIC_NACK_METHOD) {
      auto* nack = static_cast<amqp_basic_nack_t*>(method.decoded);
      resolve(nack->delivery_tag, nack->multiple, 'N');
      nacked_ = true;
    }
  }

  void resolve(uint64_t tag, bool multiple, char what) {
    auto at = multiple ? open_.begin() : open_.find(tag);
    while (at != open_.end() && at->first <= tag) {
      char kind = what == 'C' && returned_.erase(at->second) ? 'R' : what;
      journal_.line("%c %llu %s %llu", kind, static_cast<unsigned long long>(now_ms()), flow_.name.c_str(),
                    static_cast<unsigned long long>(at->second));
      at = open_.erase(at);
    }
  }

  const std::string& url_;
  const Flow& flow_;
  Journal& journal_;
  Pacer pacer_;
  AmqpLink link_;
  std::map<uint64_t, uint64_t> open_;  ///< delivery tag to sequence number
  std::map<uint64_t, bool> returned_;
  uint64_t tag_ = 0, seq_ = 0;
  bool nacked_ = false;
};

}  // namespace

int amqp_send(const std::string& url, const std::vector<Flow>& flows, Journal& journal) {
  std::vector<std::jthread> threads;
  for (auto& flow : flows) threads.emplace_back([&] { Sender(url, flow, journal).run(); });
  return 0;
}

}  // namespace faults
