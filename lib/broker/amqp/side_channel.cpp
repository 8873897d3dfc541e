#include "broker/amqp/side_channel.hpp"

#include <utility>

#include "base/text.hpp"

namespace mombridge::amqp {

void SideChannel::reset(uint16_t channel) {
  channel_ = channel;
  yes_ = false;
  questions_.clear();
}

void SideChannel::ask(Question question) {
  questions_.push_back(std::move(question));
  if (questions_.size() == 1) send();
}

void SideChannel::send() {
  auto& question = questions_.front();
  connection_.open_channel(channel_, *this);
  write(question, connection_, channel_);
}

void SideChannel::method(amqp_method_number_t id, void* decoded, std::string_view) {
  switch (id) {
    case AMQP_QUEUE_DECLARE_OK_METHOD:
    case AMQP_QUEUE_UNBIND_OK_METHOD:
    case AMQP_EXCHANGE_DECLARE_OK_METHOD:
    case AMQP_BASIC_CONSUME_OK_METHOD: {
      if (idle() || yes_) return;
      if (id == AMQP_QUEUE_DECLARE_OK_METHOD)
        questions_.front().messages = static_cast<amqp_queue_declare_ok_t*>(decoded)->message_count;
      amqp_channel_close_t close{
          .reply_code = AMQP_REPLY_SUCCESS, .reply_text = amqp_empty_bytes, .class_id = 0, .method_id = 0};
      connection_.send(channel_, AMQP_CHANNEL_CLOSE_METHOD, &close);
      yes_ = true;
      return;
    }
    case AMQP_CHANNEL_CLOSE_OK_METHOD:
      if (yes_) answer(true, {});
      return;
    case AMQP_CHANNEL_CLOSE_METHOD: {
      auto& close = *static_cast<amqp_channel_close_t*>(decoded);
      auto why = std::to_string(close.reply_code) + " " + printable(view(close.reply_text), 512);
      amqp_channel_close_ok_t ok{};
      connection_.send(channel_, AMQP_CHANNEL_CLOSE_OK_METHOD, &ok);
      if (!idle()) answer(yes_, yes_ ? std::string() : why);
      return;
    }
    default:
      return;  // the answer to open
  }
}

// The answer comes when the channel is closed, because until the broker has confirmed that, it takes it for open:
// RabbitMQ closes the connection for a second channel.open.
void SideChannel::answer(bool yes, const std::string& why) {
  yes_ = false;
  auto question = std::move(questions_.front());
  questions_.pop_front();
  if (!idle()) send();
  answered_(question, yes, why);
}

}  // namespace mombridge::amqp
