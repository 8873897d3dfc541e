#include "broker/amqp/question.hpp"

#include "broker/amqp/arguments.hpp"
#include "broker/amqp/property_flags.hpp"

namespace mombridge::amqp {

namespace {

void declare_queue(const Question& question, bool passive, const Arguments& changed, Connection& connection,
                   uint16_t channel) {
  auto arguments = question.declaration.arguments;
  for (auto& [name, value] : changed) arguments[name] = value;
  auto table_entries = entries(arguments);
  amqp_queue_declare_t declare{};
  declare.queue = bytes(question.name);
  declare.passive = passive;
  declare.durable = question.declaration.durable;
  declare.exclusive = question.declaration.exclusive;
  declare.auto_delete = question.declaration.auto_delete;
  declare.arguments = table(table_entries);
  connection.send(channel, AMQP_QUEUE_DECLARE_METHOD, &declare);
}

void look_up_exchange(const Question& question, Connection& connection, uint16_t channel) {
  amqp_exchange_declare_t declare{};
  declare.exchange = bytes(question.name);
  declare.type = bytes("direct");
  declare.passive = 1;
  connection.send(channel, AMQP_EXCHANGE_DECLARE_METHOD, &declare);
}

void try_consume(const Question& question, Connection& connection, uint16_t channel) {
  Arguments refused{{Question::kConsumeArgument, std::string("none")}};
  auto table_entries = entries(refused);
  amqp_basic_consume_t consume{};
  consume.queue = bytes(question.name);
  consume.arguments = table(table_entries);
  connection.send(channel, AMQP_BASIC_CONSUME_METHOD, &consume);
}

// An empty message: a content header without a body.
void try_publish(const Question& question, Connection& connection, uint16_t channel) {
  amqp_basic_publish_t publish{};
  publish.exchange = bytes(question.name);
  publish.routing_key = bytes(question.key);
  publish.mandatory = 1;
  connection.send(channel, AMQP_BASIC_PUBLISH_METHOD, &publish);
  Writer writer(connection.out().bytes());
  auto begin = writer.begin_frame(AMQP_FRAME_HEADER, channel);
  writer.number(static_cast<uint16_t>(AMQP_BASIC_CLASS));
  writer.number(uint16_t{0});
  writer.number(uint64_t{0});
  writer.number(kExpiration);
  writer.short_string("none");
  writer.end_frame(begin);
}

void try_bind(const Question& question, Connection& connection, uint16_t channel) {
  Arguments nobodys{{"x-mombridge-check", std::string("not bound")}};
  auto table_entries = entries(nobodys);
  amqp_queue_unbind_t unbind{};
  unbind.queue = bytes(question.name);
  unbind.exchange = bytes(question.exchange);
  unbind.routing_key = bytes(question.key);
  unbind.arguments = table(table_entries);
  connection.send(channel, AMQP_QUEUE_UNBIND_METHOD, &unbind);
}

}  // namespace

void write(const Question& question, Connection& connection, uint16_t channel) {
  switch (question.kind) {
    case Question::Kind::declare_queue:
      return declare_queue(question, false, {}, connection, channel);
    case Question::Kind::look_up_queue:
      return declare_queue(question, true, {}, connection, channel);
    case Question::Kind::look_up_exchange:
      return look_up_exchange(question, connection, channel);
    case Question::Kind::try_declare:
      return declare_queue(question, false, {{Question::kDeclareArgument, std::string("none")}}, connection, channel);
    case Question::Kind::try_redeclare:
      return declare_queue(question, false, {{Question::kRedeclareArgument, int64_t{1}}}, connection, channel);
    case Question::Kind::try_consume:
      return try_consume(question, connection, channel);
    case Question::Kind::try_publish:
      return try_publish(question, connection, channel);
    case Question::Kind::try_bind:
      return try_bind(question, connection, channel);
  }
}

}  // namespace mombridge::amqp
