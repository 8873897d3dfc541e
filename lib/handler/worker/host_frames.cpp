#include "handler/worker/host_frames.hpp"

#include <memory>
#include <utility>

#include "broker/broker.hpp"
#include "handler/abi.hpp"

namespace mombridge::handler::worker {

namespace {

/// More than all calls that a worker may have.
constexpr size_t kMostUnread = kLargestFrame + (size_t{64} << 20);

constexpr std::string_view kStopping = "the bridge is stopping";

void write_published(FrameBuffer& out, uint64_t token, mombridge_status status, std::string_view reason) {
  FrameWriter(out, FrameType::published).number(token).number(static_cast<uint32_t>(status)).text(reason);
}

/// How a publish ends that was taken by the worker and is not taken here.
mombridge_status end_of(mombridge_status refused) {
  switch (refused) {
    case MOMBRIDGE_BUSY:
      return MOMBRIDGE_RETRY;
    case MOMBRIDGE_CLOSED:
      return MOMBRIDGE_CLOSED;
    default:
      return MOMBRIDGE_REJECT;
  }
}

}  // namespace

/// One publish on its way. Deletes itself when it is answered.
struct HostFrames::Confirm {
  HostFrames& frames;
  uint64_t process, token;
};

HostFrames::HostFrames(const std::string& handler, std::function<void()> wake)
    : handler_(handler),
      wake_(std::move(wake)),
      breaches_(handler),
      messages_(handler),
      counters_(handler, breaches_),
      log_(handler),
      publisher_(handler, messages_, breaches_) {}

void HostFrames::open(FindBroker find_broker, const std::weak_ptr<const void>& owner) {
  find_broker_ = find_broker;
  publisher_.open(std::move(find_broker), owner);
}

void HostFrames::begin_process() {
  std::lock_guard lock(mutex_);
  ++process_;
  confirmed_.clear();
}

Result<bool> HostFrames::take(const Frame& frame, BodyFiles& files, FrameBuffer& out) {
  // A plugin that writes frames of its own could ask without end.
  if (out.unsent() > kMostUnread) return fail("it does not read what it is sent");
  ByteReader reader(frame.fields);
  auto whole = [&reader] { return reader.ok() && reader.at_end(); };
  switch (frame.type) {
    case FrameType::publish: {
      auto token = reader.number<uint64_t>();
      auto broker = reader.long_string();
      WireMessage message;
      if (!message.read(reader, files) || !whole()) return fail("a publish that cannot be read");
      publish(token, broker, *message.get(), out);
      return true;
    }
    case FrameType::find_broker: {
      auto name = reader.long_string();
      if (!whole()) return fail("a broker's name that cannot be read");
      bool known = find_broker_ && find_broker_(std::string(name)).broker;
      FrameWriter(out, FrameType::broker).text(name).octet(known);
      return true;
    }
    case FrameType::log: {
      auto severity = reader.octet();
      auto text = reader.long_string();
      if (!whole()) return fail("a line of log that cannot be read");
      log_.line(severity, text);
      return true;
    }
    case FrameType::count: {
      auto name = reader.long_string();
      auto by = reader.number<uint64_t>();
      if (!whole()) return fail("a counter that cannot be read");
      counters_.add(name, by);
      return true;
    }
    case FrameType::breach: {
      auto what = reader.long_string();
      if (!whole()) return fail("a breach that cannot be read");
      breaches_.report(what);
      return true;
    }
    default:
      return false;
  }
}

void HostFrames::publish(uint64_t token, std::string_view broker, const mombridge_message& message, FrameBuffer& out) {
  auto confirm = std::make_unique<Confirm>(*this, process_, token);
  auto status = publisher_.publish(broker, &message, done, confirm.get());
  if (status == MOMBRIDGE_OK) return (void)confirm.release();
  auto reason = status == MOMBRIDGE_CLOSED ? kStopping : to_string(status);
  write_published(out, token, end_of(status), reason);
}

void HostFrames::done(void* user, mombridge_status status, mombridge_slice error) {
  std::unique_ptr<Confirm> confirm(static_cast<Confirm*>(user));
  auto& frames = confirm->frames;
  {
    std::lock_guard lock(frames.mutex_);
    if (confirm->process != frames.process_) return;
    frames.confirmed_.push_back({confirm->process, confirm->token, status, std::string(view(error))});
    if (frames.confirmed_.size() > 1) return;
  }
  frames.wake_();
}

void HostFrames::answer(FrameBuffer& out) {
  std::vector<Confirmed> all;
  {
    std::lock_guard lock(mutex_);
    all.swap(confirmed_);
  }
  for (auto& one : all) write_published(out, one.token, one.status, one.reason);
}

Verdict HostFrames::verdict(const WireResult& result) {
  switch (result.how) {
    case WireResult::How::returned:
      return returned_verdict(result.status, handler_, breaches_);
    case WireResult::How::given_back:
      return {Verdict::Kind::retry, std::string(kStopping), nullptr};
    case WireResult::How::broken:
      breaches_.report("a handler completed a request with an invalid result");
      return {Verdict::Kind::retry, printable(result.error, 1024), nullptr};
    case WireResult::How::completed:
      break;
  }
  mombridge_result plain{.struct_size = sizeof plain,
                         .status = result.status,
                         .error = slice(result.error),
                         .reply = result.reply ? result.reply->get() : nullptr};
  auto verdict = read_result(&plain, messages_);
  if (verdict) return std::move(*verdict);
  breaches_.report("a handler completed a request with an invalid result");
  return {Verdict::Kind::retry, verdict.error().text, nullptr};
}

}  // namespace mombridge::handler::worker
