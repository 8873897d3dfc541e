#include "broker/amqp/side_channel.hpp"

#include <utility>

#include "base/text.hpp"
#include "broker/amqp/arguments.hpp"

namespace mombridge::amqp {

void SideChannel::reset(uint16_t channel) {
  channel_ = channel;
  questions_.clear();
}

void SideChannel::ask(Question question) {
  questions_.push_back(std::move(question));
  if (questions_.size() == 1) send();
}

void SideChannel::send() {
  auto& question = questions_.front();
  connection_.open_channel(channel_, *this);
  if (question.kind == Question::Kind::declare_queue) {
    amqp_queue_declare_t declare{};
    auto arguments = entries(question.declaration.arguments);
    declare.queue = bytes(question.name);
    declare.durable = question.declaration.durable;
    declare.exclusive = question.declaration.exclusive;
    declare.auto_delete = question.declaration.auto_delete;
    declare.arguments = table(arguments);
    return connection_.send(channel_, AMQP_QUEUE_DECLARE_METHOD, &declare);
  }
  amqp_exchange_declare_t declare{};
  declare.exchange = bytes(question.name);
  declare.type = bytes("direct");
  declare.passive = 1;
  connection_.send(channel_, AMQP_EXCHANGE_DECLARE_METHOD, &declare);
}

void SideChannel::method(amqp_method_number_t id, void* decoded, std::string_view) {
  switch (id) {
    case AMQP_QUEUE_DECLARE_OK_METHOD:
    case AMQP_EXCHANGE_DECLARE_OK_METHOD: {
      if (idle()) return;
      amqp_channel_close_t close{
          .reply_code = AMQP_REPLY_SUCCESS, .reply_text = amqp_empty_bytes, .class_id = 0, .method_id = 0};
      connection_.send(channel_, AMQP_CHANNEL_CLOSE_METHOD, &close);
      return answer(true, {});
    }
    case AMQP_CHANNEL_CLOSE_METHOD: {
      auto& close = *static_cast<amqp_channel_close_t*>(decoded);
      auto why = std::to_string(close.reply_code) + " " + printable(view(close.reply_text), 512);
      amqp_channel_close_ok_t ok{};
      connection_.send(channel_, AMQP_CHANNEL_CLOSE_OK_METHOD, &ok);
      if (!idle()) answer(false, why);
      return;
    }
    default:
      return;  // answers to open and close
  }
}

void SideChannel::answer(bool yes, const std::string& why) {
  auto question = std::move(questions_.front());
  questions_.pop_front();
  if (!idle()) send();
  answered_(question, yes, why);
}

}  // namespace mombridge::amqp
