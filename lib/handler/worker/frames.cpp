#include "handler/worker/frames.hpp"

#include <cstring>
#include <string>
#include <sys/socket.h>
#include <utility>

#include "handler/abi.hpp"

namespace mombridge::handler::worker {

namespace {

constexpr size_t kSizeBytes = sizeof(uint32_t);

/// A slice is written as its size plus one, because 0 means that it is absent.
mombridge_slice rest_of_slice(ByteReader& frame, uint32_t size) {
  if (size == 0) return {nullptr, 0};
  auto bytes = frame.take(size - 1);
  return {frame.ok() ? (bytes.data() ? bytes.data() : "") : nullptr, bytes.size()};
}

mombridge_slice read_slice(ByteReader& frame) { return rest_of_slice(frame, frame.number<uint32_t>()); }

/// That came and were not taken: only those of a frame that is not whole yet.
constexpr size_t kMostFiles = 16;

/// In the place of a body's size: eight bytes with its size follow, and a file has it.
constexpr uint32_t kInFile = UINT32_MAX;
/// The same: a slot's number (four bytes), whether its file comes with the frame (one byte), and the body's size
/// (eight) follow.
constexpr uint32_t kInSlot = UINT32_MAX - 1;

}  // namespace

FrameWriter::FrameWriter(FrameBuffer& out, FrameType type) : out_(out), begin_(out.size()) {
  out_.append("\0\0\0\0", kSizeBytes);
  octet(static_cast<uint8_t>(type));
}

FrameWriter::~FrameWriter() {
  auto size = big_endian(static_cast<uint32_t>(out_.size() - begin_ - kSizeBytes));
  std::memcpy(out_.data() + begin_, &size, sizeof size);
}

void FrameWriter::slice(mombridge_slice slice) {
  number(static_cast<uint32_t>(slice.data ? slice.size + 1 : 0));
  if (slice.data) out_.append(slice.data, slice.size);
}

void FrameWriter::body(mombridge_slice body, BodySlots* slots, mombridge_request_id id) {
  if (body.data && body.size >= kLargeBody) {
    if (slots && body_in_slot(view(body), *slots, id)) return;
    if (auto file = make_body_file(view(body))) {
      number(kInFile).number(static_cast<uint64_t>(body.size));
      return out_.attach(std::move(*file), body.size);
    }
  }
  slice(body);  // without a file it goes as small ones do
}

bool FrameWriter::body_in_slot(std::string_view body, BodySlots& slots, mombridge_request_id id) {
  auto filled = slots.fill(body, id);
  if (!filled) return false;
  bool with_file = static_cast<bool>(filled->file);
  number(kInSlot).number(filled->slot).octet(with_file).number(static_cast<uint64_t>(body.size()));
  if (with_file) out_.attach(std::move(filled->file), 0);
  return true;
}

FrameWriter& FrameWriter::message_with(const mombridge_message& m, BodySlots* slots, mombridge_request_id id) {
  slice(m.target);
  body(m.body, slots, id);
  for (auto& field :
       {m.key, m.content_type, m.content_encoding, m.correlation_id, m.reply_to, m.message_id, m.type, m.source})
    slice(field);
  number(static_cast<uint64_t>(m.timestamp_ms)).number(static_cast<uint64_t>(m.deadline_ms));
  number(m.attempt).number(m.flags);
  number(static_cast<uint32_t>(m.header_count));
  for (size_t i = 0; i < m.header_count; ++i) {
    slice(m.headers[i].name);
    slice(m.headers[i].value);
  }
  return *this;
}

Result<> check_message(const mombridge_message& m) {
  if (auto kept = check_contract(&m); !kept) return kept;
  size_t rest = 0;
  auto add = [&rest](mombridge_slice field) {
    if (field.data) rest += field.size < kLargestBody ? field.size : kLargestBody;
  };
  for (auto& field : {m.target, m.key, m.content_type, m.content_encoding, m.correlation_id, m.reply_to, m.message_id,
                      m.type, m.source})
    add(field);
  for (size_t i = 0; i < m.header_count && rest < kLargestFrame; ++i) {
    add(m.headers[i].name);
    add(m.headers[i].value);
    rest += 2 * kSizeBytes;
  }
  if (m.body.data && m.body.size > kLargestBody)
    return fail("the body has " + std::to_string(m.body.size) + " bytes, and a worker process takes and gives " +
                std::to_string(kLargestBody) + " at most");
  // What a frame may have beyond the largest body is room for everything else.
  if (rest > kLargestFrame - kLargestBody - 1024) return fail("the message's headers and properties are too large");
  return {};
}

bool WireMessage::read_body(ByteReader& frame, BodyFiles& files) {
  auto size = frame.number<uint32_t>();
  if (size == kInFile) return read_file(frame, files);
  if (size == kInSlot) return read_slot(frame, files);
  message_.body = rest_of_slice(frame, size);
  return frame.ok();
}

bool WireMessage::read_file(ByteReader& frame, BodyFiles& files) {
  auto bytes = frame.number<uint64_t>();
  if (!frame.ok() || bytes > kLargestBody || files.arrived.empty()) return false;
  auto mapped = MappedBody::map(files.arrived.front(), static_cast<size_t>(bytes));
  files.arrived.pop_front();
  if (!mapped) return false;
  body_ = std::move(*mapped);
  message_.body = handler::slice(body_.bytes());
  return true;
}

bool WireMessage::read_slot(ByteReader& frame, BodyFiles& files) {
  auto number = frame.number<uint32_t>();
  bool with_file = frame.octet() != 0;
  auto bytes = frame.number<uint64_t>();
  if (!frame.ok() || !files.takes_slots || bytes > BodySlots::kSize) return false;
  if (with_file) {
    if (number != files.slots.size() || files.arrived.empty()) return false;
    auto mapped = MappedBody::map_slot(files.arrived.front(), BodySlots::kSize);
    files.arrived.pop_front();
    if (!mapped) return false;
    files.slots.push_back(std::move(*mapped));
  }
  if (number >= files.slots.size()) return false;
  message_.body = handler::slice(files.slots[number].bytes().substr(0, static_cast<size_t>(bytes)));
  return true;
}

bool WireMessage::read(ByteReader& frame, BodyFiles& files) {
  auto& m = message_;
  m = {.struct_size = sizeof m};
  m.target = read_slice(frame);
  if (!read_body(frame, files)) return false;
  for (auto* field : {&m.key, &m.content_type, &m.content_encoding, &m.correlation_id, &m.reply_to, &m.message_id,
                      &m.type, &m.source})
    *field = read_slice(frame);
  m.timestamp_ms = static_cast<int64_t>(frame.number<uint64_t>());
  m.deadline_ms = static_cast<int64_t>(frame.number<uint64_t>());
  m.attempt = frame.number<uint32_t>();
  m.flags = frame.number<uint32_t>();
  auto count = frame.number<uint32_t>();
  if (!frame.ok() || count > frame.left() / (2 * kSizeBytes)) return false;
  headers_.resize(count);
  for (auto& header : headers_) {
    header.name = read_slice(frame);
    header.value = read_slice(frame);
  }
  m.headers = count ? headers_.data() : nullptr;
  m.header_count = count;
  return frame.ok();
}

bool WireResult::read(ByteReader& frame, BodyFiles& files) {
  id = frame.number<uint64_t>();
  auto kind = frame.octet();
  status = static_cast<mombridge_status>(frame.number<uint32_t>());
  nanoseconds = frame.number<uint64_t>();
  error = frame.long_string();
  bool replied = frame.octet() != 0;
  reply.reset();
  if (!frame.ok() || kind > static_cast<uint8_t>(How::given_back)) return false;
  how = static_cast<How>(kind);
  return (!replied || reply.emplace().read(frame, files)) && frame.at_end();
}

void write_result(FrameBuffer& out, const WireResult& result, const mombridge_message* reply) {
  FrameWriter frame(out, FrameType::result);
  frame.number(result.id)
      .octet(static_cast<uint8_t>(result.how))
      .number(static_cast<uint32_t>(result.status))
      .number(result.nanoseconds)
      .text(result.error)
      .octet(reply != nullptr);
  if (reply) frame.message(*reply);
}

char* FrameStream::room(size_t n) {
  bytes_.truncate(end_);
  bytes_.erase_front(read_);
  end_ -= read_;
  read_ = 0;
  constexpr size_t kKeep = size_t{1} << 20;
  if (end_ == 0) bytes_.clear(kKeep);
  return bytes_.extend(n);
}

void FrameStream::arrived(size_t n) { end_ += n; }

ssize_t FrameStream::receive(int socket, size_t most) {
  iovec bytes{.iov_base = room(most), .iov_len = most};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  auto n = ::recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (n <= 0) return n;
  // The system closes what does not fit.
  for (auto* header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    for (size_t at = CMSG_LEN(0); at + sizeof(int) <= header->cmsg_len; at += sizeof(int)) {
      int file = -1;
      std::memcpy(&file, reinterpret_cast<const char*>(header) + at, sizeof file);
      files_.arrived.emplace_back(file);
    }
  }
  arrived(static_cast<size_t>(n));
  return n;
}

Result<std::optional<Frame>> FrameStream::next() {
  if (files_.arrived.size() > kMostFiles) return fail("more files than frames");
  std::string_view rest(bytes_.data() + read_, end_ - read_);
  if (rest.size() < kSizeBytes) return std::nullopt;
  auto size = ByteReader(rest).number<uint32_t>();
  if (size == 0 || size > kLargestFrame)
    return fail("a frame of " + std::to_string(size) + " bytes (1 to " + std::to_string(kLargestFrame) + ")");
  if (rest.size() - kSizeBytes < size) return std::nullopt;
  read_ += kSizeBytes + size;
  auto frame = rest.substr(kSizeBytes, size);
  return Frame{static_cast<FrameType>(static_cast<uint8_t>(frame[0])), frame.substr(1)};
}

}  // namespace mombridge::handler::worker
