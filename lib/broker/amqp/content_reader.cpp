#include "broker/amqp/content_reader.hpp"

#include <string>

namespace mombridge::amqp {

void ContentReader::begin(AmqpDelivery& delivery, std::string_view target, bool redelivered) {
  delivery_ = &delivery;
  redelivered_ = redelivered;
  has_header_ = false;
  delivery.bytes.append(target);
  target_size_ = target.size();
  body_left_ = 0;
}

Result<bool> ContentReader::header(uint64_t body_size, std::string_view properties) {
  if (!delivery_ || has_header_) return fail("a content header out of order");
  if (body_size > kLargestBody)
    return fail("a message of " + std::to_string(body_size) + " bytes, more than any RabbitMQ takes (" +
                std::to_string(kLargestBody) + ")");
  has_header_ = true;
  auto& bytes = delivery_->bytes;
  bytes.reserve(target_size_ + properties.size() + std::min(body_size, most_reserved_));
  bytes.append(properties);
  properties_size_ = properties.size();
  body_left_ = body_size;
  return body_left_ == 0;
}

Result<bool> ContentReader::body(std::string_view part) {
  if (!delivery_ || !has_header_ || part.size() > body_left_) return fail("a content body out of order");
  auto& bytes = delivery_->bytes;
  if (auto spare = bytes.spare(); part.data() == spare.data() && part.size() <= spare.size()) {
    (void)bytes.extend(part.size());  // it was received in its place
  } else {
    reserve(part.size());
    bytes.append(part);
  }
  body_left_ -= part.size();
  return body_left_ == 0;
}

std::span<char> ContentReader::room(size_t size) {
  if (!delivery_ || !has_header_ || size > body_left_) return {};
  reserve(size);
  return delivery_->bytes.spare().first(size);
}

// Memory follows what arrives, and doubles with it. Where kMostReserved bytes have come, the size in the header is
// believed, because to move a large body again and again would take longer than other messages may wait.
void ContentReader::reserve(size_t part) {
  auto& bytes = delivery_->bytes;
  if (part <= bytes.spare().size()) return;
  bytes.reserve(bytes.size() + (bytes.capacity() >= kMostReserved ? body_left_ : part));
}

Content ContentReader::finish() {
  auto* delivery = std::exchange(delivery_, nullptr);
  std::string_view all = delivery->bytes.view();
  return {.delivery = delivery,
          .target = all.substr(0, target_size_),
          .properties = all.substr(target_size_, properties_size_),
          .body = all.substr(target_size_ + properties_size_),
          .redelivered = redelivered_};
}

}  // namespace mombridge::amqp
