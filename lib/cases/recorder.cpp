#include "cases/recorder.hpp"

#include <algorithm>
#include <utility>

#include "cases/fields.hpp"
#include "message/merged_headers.hpp"

namespace mombridge::cases {

namespace {

Sent::Header copy_of(const Header& header) {
  return {std::string(header.name), scalar_text(header.value), header.value.kind};
}

}  // namespace

const std::string* Sent::field(std::string_view name) const {
  auto found = fields.find(name);
  return found == fields.end() ? nullptr : &found->second;
}

const Sent::Header* Sent::header(std::string_view name) const {
  auto found = std::ranges::find(headers, name, &Header::name);
  return found == headers.end() ? nullptr : &*found;
}

void Record::add(Sent sent) {
  std::lock_guard lock(mutex_);
  sent_.push_back(std::move(sent));
}

std::vector<Sent> Record::take() {
  std::lock_guard lock(mutex_);
  return std::exchange(sent_, {});
}

Recorder::Recorder(std::string name, const config::BrokerSettings& settings, Record& record,
                   std::unique_ptr<Broker> inner)
    : Broker(std::move(name)), settings_(settings), record_(record), inner_(std::move(inner)) {}

void Recorder::start(Sink& sink) {
  if (inner_) inner_->start(sink);
}

void Recorder::publish(Publication& publication) noexcept {
  record_.add(copy_of(publication));
  if (inner_)
    inner_->publish(publication);
  else
    publication.completed({});
}

void Recorder::stop_intake() {
  if (inner_) inner_->stop_intake();
}

void Recorder::stop(Duration patience) {
  if (inner_) inner_->stop(patience);
}

Sent Recorder::copy_of(const Publication& publication) const {
  auto& message = *publication.message;
  Sent sent;
  auto set = [&](std::string_view name, const Message::Text& value) {
    if (value) sent.fields.emplace(name, *value);
  };
  set("broker", name());
  set("target", publication.target);
  if (settings_.kind->exchanges) sent.fields.emplace("exchange", settings_.exchange_of(publication.options));
  if (!message.tombstone) set(kBody, message.body);
  for (auto& property : kProperties) set(property.name, message.*property.value);
  sent.fields.erase("key");  // it is replaced
  set("key", publication.key);
  std::vector<Header> headers;
  merge_headers(headers, message.headers, publication.headers);
  for (auto& header : headers) sent.headers.push_back(cases::copy_of(header));
  return sent;
}

}  // namespace mombridge::cases
