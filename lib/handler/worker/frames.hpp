#pragma once
// What crosses between the bridge and a worker process: frames, one after the other in a stream. Each is a size (4
// bytes, of what follows), a type (1 byte) and the type's fields; numbers are in network byte order. A large body is
// not in its frame, but in a file that comes with it, or in memory that an earlier frame has brought.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/byte_reader.hpp"
#include "base/result.hpp"
#include "handler/worker/body_file.hpp"
#include "handler/worker/body_slots.hpp"
#include "handler/worker/frame_buffer.hpp"
#include "mombridge/handler.h"

namespace mombridge::handler::worker {

/// The fields stand behind each type. `text` is a size (4 bytes) and bytes; `id` and `token` are 8 bytes.
enum class FrameType : uint8_t {
  // From the bridge.
  hello = 1,  ///< see Hello
  start,      ///< nothing
  call,       ///< id, message
  cancel,     ///< id: nobody waits for its answer any longer
  published,  ///< token, status (4 bytes), reason (text)
  broker,     ///< name (text), there is such a broker (1 byte)
  stop,       ///< nothing; `stopped` answers when the plugin has stopped
  close,      ///< nothing; the process ends
  // From the worker.
  created = 32,  ///< plugin's name and version (texts): create() has succeeded
  refused,       ///< why (text): the plugin cannot be opened, or create() has failed
  started,       ///< nothing
  not_started,   ///< why (text): start() has failed
  result,        ///< see WireResult
  publish,       ///< token (0: nobody wants to hear of it), broker (text), message
  find_broker,   ///< name (text); `broker` answers
  log,           ///< severity (1 byte), text
  count,         ///< counter (text), by (8 bytes)
  breach,        ///< what the plugin did against its contract (text)
  stopped,       ///< nothing
};

/// Larger ones are refused by both sides: more is not sent on by any broker either.
inline constexpr size_t kLargestFrame = size_t{160} << 20;
inline constexpr size_t kLargestBody = size_t{128} << 20;

/// Writes one frame at the end of a buffer; the destructor completes it.
class FrameWriter {
 public:
  FrameWriter(FrameBuffer& out, FrameType type);
  ~FrameWriter();
  FrameWriter(const FrameWriter&) = delete;
  FrameWriter& operator=(const FrameWriter&) = delete;

  template <std::unsigned_integral N>
  FrameWriter& number(N n) {
    n = big_endian(n);
    out_.append(&n, sizeof n);
    return *this;
  }
  FrameWriter& octet(uint8_t n) { return number(n); }
  FrameWriter& text(std::string_view bytes) {
    number(static_cast<uint32_t>(bytes.size()));
    out_.append(bytes);
    return *this;
  }
  /// What check_message() has found to be in order.
  FrameWriter& message(const mombridge_message& message) { return message_with(message, nullptr, 0); }
  /// The same of a call with that id, whose large body may go into one of the receiver's slots.
  FrameWriter& message(const mombridge_message& message, BodySlots& slots, mombridge_request_id id) {
    return message_with(message, &slots, id);
  }

 private:
  FrameWriter& message_with(const mombridge_message& message, BodySlots* slots, mombridge_request_id id);
  void slice(mombridge_slice slice);
  void body(mombridge_slice body, BodySlots* slots, mombridge_request_id id);
  [[nodiscard]] bool body_in_slot(std::string_view body, BodySlots& slots, mombridge_request_id id);

  FrameBuffer& out_;
  const size_t begin_;
};

/// What keeps a message from being sent in a frame: it breaks the contract, or is too large.
Result<> check_message(const mombridge_message& message);

/// A message as read from a frame. Its views are into the frame's bytes, but for a large body, which is its own.
class WireMessage {
 public:
  /// Takes the body's file out of `files` where there is one. False: the frame is broken.
  [[nodiscard]] bool read(ByteReader& frame, BodyFiles& files);
  /// Valid until read() or the object's end.
  [[nodiscard]] const mombridge_message* get() const { return &message_; }

 private:
  [[nodiscard]] bool read_body(ByteReader& frame, BodyFiles& files);
  [[nodiscard]] bool read_file(ByteReader& frame, BodyFiles& files);
  [[nodiscard]] bool read_slot(ByteReader& frame, BodyFiles& files);

  mombridge_message message_{};
  std::vector<mombridge_header> headers_;
  MappedBody body_;
};

/// How a request ended in the worker.
struct WireResult {
  enum class How : uint8_t {
    returned,   ///< handle() returned this status, which is not OK
    completed,  ///< complete() was called with this result
    broken,     ///< complete() was called with a result that breaks the contract; `error` says how
    given_back  ///< the worker stops, and the plugin has not seen it
  };
  mombridge_request_id id = 0;
  How how = How::returned;
  mombridge_status status = MOMBRIDGE_OK;
  uint64_t nanoseconds = 0;  ///< from the begin of handle()
  std::string_view error;
  std::optional<WireMessage> reply;

  [[nodiscard]] bool read(ByteReader& frame, BodyFiles& files);
};
/// `reply` null: none.
void write_result(FrameBuffer& out, const WireResult& result, const mombridge_message* reply);

/// One frame as read.
struct Frame {
  FrameType type{};
  std::string_view fields;
};

/// Bytes as they arrive, and the frames in them.
class FrameStream {
 public:
  /// Room for `n` bytes, to be written by the caller, who says with arrived() how many there were.
  [[nodiscard]] char* room(size_t n);
  void arrived(size_t n);
  /// Reads up to `most` bytes from a socket, and the file that comes with them: returns as ::recv().
  ssize_t receive(int socket, size_t most);
  /// The next frame; nullopt: it is not there yet. Valid until room() is called. An error: this is no stream of frames.
  Result<std::optional<Frame>> next();
  /// Files that came and that no frame has taken yet.
  [[nodiscard]] BodyFiles& files() { return files_; }

 private:
  Buffer bytes_;
  size_t read_ = 0;  ///< of bytes_: these were frames already
  size_t end_ = 0;   ///< of what has arrived
  BodyFiles files_;
};

}  // namespace mombridge::handler::worker
