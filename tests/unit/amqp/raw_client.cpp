#include "raw_client.hpp"

#include <cstdlib>
#include <stdexcept>

#include "broker/amqp/config.hpp"

namespace mombridge::amqp::test {

namespace {

constexpr uint32_t method(uint16_t a_class, uint16_t number) { return uint32_t{a_class} << 16 | number; }
constexpr size_t kBodyPart = 131072 - 8;

template <class Write>
std::string arguments(Write write) {
  Buffer out;
  Writer writer(out);
  write(writer);
  return out.str();
}

}  // namespace

Endpoint live_broker() {
  Endpoint none;
  auto* url = std::getenv("MOMBRIDGE_TEST_AMQP");
  if (!url) return none;
  auto parsed = parse_url(url);
  return parsed ? parsed->endpoint : none;
}

std::string no_live_broker() {
  return live_broker().host.empty() ? "MOMBRIDGE_TEST_AMQP names no broker (tests/brokers/brokers.py starts one)" : "";
}

RawClient::RawClient(const Endpoint& endpoint) : socket_(FrameSocket::connect(endpoint.host, endpoint.port)) {
  login(endpoint);
  call(method(20, 10), arguments([](Writer& w) { w.short_string(""); }), method(20, 11));
}

void RawClient::login(const Endpoint& endpoint) {
  socket_.write(std::string("AMQP\0\0\x09\x01", 8));
  auto say = [&](uint32_t id, std::string_view args, uint32_t expected) {
    if (!socket_.method(0, id, args) || !socket_.await(expected)) throw std::runtime_error("no login");
  };
  if (!socket_.await(method(10, 10))) throw std::runtime_error("no broker");
  say(method(10, 11), arguments([&](Writer& w) {
        w.long_string("");  // client properties
        w.short_string("PLAIN");
        w.long_string(std::string(1, '\0') + endpoint.user + std::string(1, '\0') +
                      endpoint.password.read().value.reveal());
        w.short_string("en_US");
      }),
      method(10, 30));
  socket_.method(0, method(10, 31), arguments([](Writer& w) {
                   w.number(uint16_t{10});
                   w.number(uint32_t{131072});
                   w.number(uint16_t{0});
                 }));
  say(method(10, 40), arguments([&](Writer& w) {
        w.short_string(endpoint.vhost);
        w.short_string("");
        w.octet(0);
      }),
      method(10, 41));
}

Frame RawClient::call(uint32_t id, std::string_view args, uint32_t answer) {
  socket_.method(1, id, args);
  for (;;) {
    auto frame = socket_.read();
    if (!frame) throw std::runtime_error("the broker closed the connection");
    if (frame->method() == answer) return *frame;
    if (frame->method() == method(20, 40) || frame->method() == method(10, 50))
      throw std::runtime_error("the broker refused: " + frame->payload.substr(7));
  }
}

void RawClient::declare_queue(const std::string& name, bool durable, std::string_view table, bool exclusive) {
  call(method(50, 10), arguments([&](Writer& w) {
         w.number(uint16_t{0});
         w.short_string(name);
         w.octet(static_cast<uint8_t>((durable ? 2 : 0) | (exclusive ? 4 : 0)));
         w.long_string(table);
       }),
       method(50, 11));
}

void RawClient::delete_queue(const std::string& name) {
  call(method(50, 40), arguments([&](Writer& w) {
         w.number(uint16_t{0});
         w.short_string(name);
         w.octet(0);
       }),
       method(50, 41));
}

void RawClient::declare_exchange(const std::string& name, const std::string& type) {
  call(method(40, 10), arguments([&](Writer& w) {
         w.number(uint16_t{0});
         w.short_string(name);
         w.short_string(type);
         w.octet(0);
         w.long_string("");
       }),
       method(40, 11));
}

void RawClient::delete_exchange(const std::string& name) {
  call(method(40, 20), arguments([&](Writer& w) {
         w.number(uint16_t{0});
         w.short_string(name);
         w.octet(0);
       }),
       method(40, 21));
}

size_t RawClient::messages(const std::string& queue) {
  auto ok = call(method(50, 10), arguments([&](Writer& w) {
                   w.number(uint16_t{0});
                   w.short_string(queue);
                   w.octet(1);  // passive
                   w.long_string("");
                 }),
                 method(50, 11));
  Reader in(ok.arguments());
  in.short_string();
  return in.number<uint32_t>();
}

void RawClient::publish(const std::string& exchange, const std::string& key, std::string_view properties,
                        std::string_view body) {
  if (!confirms_) call(method(85, 10), std::string(1, '\0'), method(85, 11));
  confirms_ = true;
  auto header = arguments([&](Writer& w) {
    w.number(uint16_t{60});
    w.number(uint16_t{0});
    w.number(static_cast<uint64_t>(body.size()));
    w.raw(properties);
  });
  auto publish = arguments([&](Writer& w) {
    w.number(uint16_t{0});
    w.short_string(exchange);
    w.short_string(key);
    w.octet(0);
  });
  std::string content = frame_bytes(2, 1, header);
  for (; !body.empty(); body.remove_prefix(std::min(kBodyPart, body.size())))
    content += frame_bytes(3, 1, body.substr(0, kBodyPart));
  socket_.write(method_bytes(1, method(60, 40), publish) + content);
  for (;;) {
    auto frame = socket_.read();
    if (!frame) throw std::runtime_error("the broker closed the connection");
    if (frame->method() == method(60, 80)) return;
    if (frame->method() == method(20, 40) || frame->method() == method(10, 50))
      throw std::runtime_error("the broker refused: " + frame->payload.substr(7));
  }
}

}  // namespace mombridge::amqp::test
