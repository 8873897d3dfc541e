#include "broker/amqp/out_frames.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace mombridge::amqp {

void OutFrames::refer(std::string_view body, const Publication& owner, uint16_t channel) {
  if (body.empty()) return;
  references_.push_back({.at = bytes_.size(), .body = body, .owner = &owner, .channel = channel});
  referred_ += body.size();
}

const Publication* OutFrames::lender(uint16_t channel) const {
  auto first = std::ranges::find(references_, channel, &Reference::channel);
  return first == references_.end() ? nullptr : first->owner;
}

void OutFrames::take(OutFrames& other) {
  if (size() == 0) {
    clear();
    return std::swap(*this, other);
  }
  size_t behind = bytes_.size() - other.written_;
  bytes_.append(other.bytes_.view().substr(other.written_));
  for (auto reference : other.references_) {
    reference.at += behind;
    references_.push_back(reference);
  }
  referred_ += other.referred_;
  other.clear();
}

size_t OutFrames::parts(std::span<iovec> parts) const {
  size_t count = 0, at = written_;
  auto put = [&](std::string_view bytes) {
    if (!bytes.empty() && count < parts.size()) parts[count++] = {const_cast<char*>(bytes.data()), bytes.size()};
  };
  for (auto& reference : references_) {
    if (count == parts.size()) return count;
    put(bytes_.view().substr(at, reference.at - at));
    put(reference.body);
    at = reference.at;
  }
  put(bytes_.view().substr(at));
  return count;
}

void OutFrames::written(size_t bytes) {
  size_t done = 0;
  while (bytes > 0) {
    auto* next = done < references_.size() ? &references_[done] : nullptr;
    size_t own = std::min(bytes, (next ? next->at : bytes_.size()) - written_);
    written_ += own;
    bytes -= own;
    if (!next) break;
    size_t of_body = std::min(bytes, next->body.size());
    next->body.remove_prefix(of_body);
    referred_ -= of_body;
    bytes -= of_body;
    if (next->body.empty()) ++done;
  }
  references_.erase(references_.begin(), references_.begin() + static_cast<std::ptrdiff_t>(done));
  if (size() == 0) return clear();
  if (written_ <= kKeep) return;
  bytes_.erase_front(written_);
  for (auto& reference : references_) reference.at -= written_;
  written_ = 0;
}

void OutFrames::clear() {
  bytes_.clear(kKeep);
  references_.clear();
  written_ = referred_ = 0;
}

void OutFrames::own() {
  if (references_.empty()) return;
  Buffer all;
  all.reserve(size());
  while (size() > 0) {
    std::array<iovec, 16> next;
    size_t bytes = 0;
    for (auto& part : std::span(next).first(parts(next))) {
      all.append(part.iov_base, part.iov_len);
      bytes += part.iov_len;
    }
    written(bytes);
  }
  bytes_ = std::move(all);
}

}  // namespace mombridge::amqp
