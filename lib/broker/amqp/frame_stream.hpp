#pragma once
// Frames in and bytes out over one transport, watched by an event loop.

#include <memory>
#include <span>
#include <string>

#include "base/event_loop.hpp"
#include "broker/amqp/frame_reader.hpp"
#include "broker/amqp/out_frames.hpp"
#include "broker/amqp/transport.hpp"

namespace mombridge::amqp {

/// Cuts what the transport brings into frames, and gathers what is to be written until flush(), so that one system call
/// serves many frames. Belongs to the loop's thread. Begins closed, and may be opened any number of times.
class FrameStream {
 public:
  /// All calls come on the loop's thread, while the stream is open. Each may close the stream.
  class User {
   public:
    /// A frame, whole or a part of a large body frame. Its payload is valid during the call only, or lies in what
    /// body_room() has returned.
    virtual void frame(const Frame& frame) = 0;
    /// As ChannelUser::content_room(): where what comes next of a body frame on this channel shall be received.
    virtual std::span<char> body_room(uint16_t channel, size_t size) {
      static_cast<void>(channel), static_cast<void>(size);
      return {};
    }
    /// The peer has closed the stream (`how` is empty if it did so in order), or the stream broke.
    virtual void lost(const std::string& how) = 0;
    /// What came is no frame; nothing further can be read. unread() begins with it.
    virtual void garbled(const std::string& why) = 0;

   protected:
    ~User() = default;
  };

  /// Both outlive this.
  FrameStream(EventLoop& loop, User& user) : loop_(loop), user_(user) {}
  ~FrameStream() { close(); }
  FrameStream(const FrameStream&) = delete;
  FrameStream& operator=(const FrameStream&) = delete;

  /// `transport`: its handshake is done.
  void open(std::unique_ptr<Transport> transport);
  void close();
  [[nodiscard]] bool is_open() const { return transport_ != nullptr; }

  /// Where whole frames are put. They leave with the next flush().
  [[nodiscard]] OutFrames& out() { return out_; }
  [[nodiscard]] const OutFrames& out() const { return out_; }
  /// Writes what can be written without waiting. Call it before every sleep of the loop, also for what an earlier call
  /// has left: a transport may have had to read first. Does nothing while closed.
  void flush();

  /// What the peer sends stays in the kernel and, from there on, with the peer. Takes effect at once, also from within
  /// User::frame().
  void pause_reading(bool pause);
  [[nodiscard]] bool reading() const { return !paused_; }
  /// Returns true if the last round has not read all that was there: to rest now would hold it up.
  [[nodiscard]] bool has_more() const { return more_ && !paused_; }
  /// As FrameReader's.
  void agree(size_t frame_max) { in_.agree(frame_max); }
  /// What was received and not taken as a frame.
  [[nodiscard]] std::string_view unread() const { return in_.rest(); }

  /// When bytes were received last; a pause does not count as silence of the peer.
  [[nodiscard]] TimePoint last_received() const { return last_received_; }
  [[nodiscard]] TimePoint last_sent() const { return last_sent_; }

 private:
  void event(uint32_t events);
  void read();
  /// Where a large body is received; empty: none comes next.
  std::span<char> body_room();
  void received(std::span<char> body, size_t bytes);
  /// Takes what was received, and what the transport has received, without an event.
  void go_on();
  void take_frames();
  void update_events();

  EventLoop& loop_;
  User& user_;
  std::unique_ptr<Transport> transport_;  ///< null: closed
  uint64_t epoch_ = 0;  ///< counts open() and close(): shows after a call to the user that the stream is another one
  FrameReader in_;
  OutFrames out_;
  uint32_t events_ = 0;
  bool paused_ = false;
  bool more_ = false;             ///< the last read has filled all of its room
  EventLoop::TimerId go_on_ = 0;  ///< calls go_on()
  TimePoint last_received_{}, last_sent_{};
};

}  // namespace mombridge::amqp
