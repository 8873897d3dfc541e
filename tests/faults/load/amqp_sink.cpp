#include <chrono>
#include <thread>

#include "amqp_link.hpp"
#include "body.hpp"
#include "clients.hpp"

namespace faults {

namespace {

constexpr uint16_t kPrefetch = 200;  ///< of each queue: quorum queues refuse a limit for the whole channel

/// Every queue on one channel, told apart by the consumer's tag, which is the queue's name.
class Sink {
 public:
  Sink(const std::string& url, const std::vector<std::string>& queues, Journal& journal)
      : url_(url), queues_(queues), journal_(journal) {}

  void run() {
    while (!stopping) {
      if (!link_.is_open() && !connect()) {
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
        continue;
      }
      amqp_frame_t frame;
      for (int wait = 20; link_.is_open() && link_.next(frame, wait); wait = 0) take(frame);
      acknowledge();
    }
  }

 private:
  bool connect() {
    last_ = acked_ = 0;
    if (!link_.open(url_)) return false;
    amqp_basic_qos(link_.get(), 1, 0, kPrefetch, 0);
    for (auto& queue : queues_) {
      amqp_basic_consume(link_.get(), 1, bytes(queue), bytes(queue), 0, 0, 0, amqp_empty_table);
      if (amqp_get_rpc_reply(link_.get()).reply_type != AMQP_RESPONSE_NORMAL) {
        link_.close();
        return false;
      }
    }
    return true;
  }

  void take(amqp_frame_t& frame) {
    if (frame.frame_type == AMQP_FRAME_METHOD && frame.payload.method.id == AMQP_BASIC_DELIVER_METHOD) {
      auto* deliver = static_cast<amqp_basic_deliver_t*>(frame.payload.method.decoded);
      queue_ = text(deliver->consumer_tag);
      tag_ = deliver->delivery_tag;
      redelivered_ = deliver->redelivered;
    } else if (frame.frame_type == AMQP_FRAME_HEADER) {
      auto* properties = static_cast<amqp_basic_properties_t*>(frame.payload.properties.decoded);
      correlation_ = properties->_flags & AMQP_BASIC_CORRELATION_ID_FLAG ? text(properties->correlation_id) : "-";
      left_ = frame.payload.properties.body_size;
      body_.clear();
      if (!left_) whole();
    } else if (frame.frame_type == AMQP_FRAME_BODY) {
      body_ += text(frame.payload.body_fragment);
      left_ -= frame.payload.body_fragment.len;
      if (!left_) whole();
    }
    amqp_maybe_release_buffers_on_channel(link_.get(), 1);
  }

  void whole() {
    Id id{"?", 0};
    if (!read_body(body_, id)) id = {"?", 0};
    if (correlation_.find_first_of(" \n") != std::string::npos) correlation_ = "?";
    journal_.line("%s %llu %s %llu - %d %s", queue_.c_str(), static_cast<unsigned long long>(now_ms()), id.flow.c_str(),
                  static_cast<unsigned long long>(id.seq), redelivered_, correlation_.c_str());
    last_ = tag_;
  }

  void acknowledge() {
    journal_.flush();
    if (!link_.is_open() || last_ == acked_) return;
    if (amqp_basic_ack(link_.get(), 1, last_, 1) != AMQP_STATUS_OK) link_.close();
    acked_ = last_;
  }

  const std::string& url_;
  const std::vector<std::string>& queues_;
  Journal& journal_;
  AmqpLink link_;
  std::string queue_, body_, correlation_;
  uint64_t tag_ = 0, last_ = 0, acked_ = 0, left_ = 0;
  bool redelivered_ = false;
};

}  // namespace

int amqp_sink(const std::string& url, const std::vector<std::string>& queues, Journal& journal) {
  Sink(url, queues, journal).run();
  return 0;
}

}  // namespace faults
