// Frames between the bridge and its workers: what is written is read again, and what is broken is refused.

#include <cstring>
#include <string>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gmock/gmock.h>

#include "handler/abi.hpp"
#include "handler/worker/frames.hpp"

namespace mombridge::handler::worker {
namespace {

using testing::HasSubstr;

mombridge_slice text(const char* t) { return mombridge_text(t); }

struct Sample {
  mombridge_header headers[2]{{text("a"), text("1")}, {text("none"), {nullptr, 0}}};
  mombridge_message message{.struct_size = sizeof(mombridge_message),
                            .target = text("t"),
                            .body = text("the body"),
                            .key = text(""),
                            .source = text("shop"),
                            .headers = headers,
                            .header_count = 2,
                            .timestamp_ms = -7,
                            .deadline_ms = 1'700'000'000'000,
                            .attempt = 3,
                            .flags = MOMBRIDGE_MESSAGE_REDELIVERED};
};

/// All of them, as one stream in pieces of that size.
std::vector<std::pair<FrameType, std::string>> read_all(std::string_view bytes, size_t piece) {
  FrameStream stream;
  std::vector<std::pair<FrameType, std::string>> all;
  while (!bytes.empty()) {
    auto n = std::min(piece, bytes.size());
    std::memcpy(stream.room(piece), bytes.data(), n);
    stream.arrived(n);
    bytes.remove_prefix(n);
    for (;;) {
      auto frame = stream.next();
      EXPECT_TRUE(frame) << frame.error().text;
      if (!frame || !*frame) break;
      all.emplace_back((*frame)->type, (*frame)->fields);
    }
  }
  return all;
}

BodyFiles none;

TEST(WorkerFrames, AMessageKeepsAllThatItHas) {
  Sample sample;
  FrameBuffer out;
  FrameWriter(out, FrameType::call).number(uint64_t{42}).message(sample.message);
  for (size_t piece : {size_t{1}, size_t{3}, size_t{1000}}) {
    auto frames = read_all(out, piece);
    ASSERT_EQ(frames.size(), 1u);
    EXPECT_EQ(frames[0].first, FrameType::call);
    ByteReader reader(frames[0].second);
    EXPECT_EQ(reader.number<uint64_t>(), 42u);
    WireMessage read;
    ASSERT_TRUE(read.read(reader, none));
    EXPECT_TRUE(reader.at_end());
    auto& m = *read.get();
    EXPECT_EQ(view(m.target), "t");
    EXPECT_EQ(view(m.body), "the body");
    EXPECT_NE(m.key.data, nullptr) << "empty is not absent";
    EXPECT_EQ(m.key.size, 0u);
    EXPECT_EQ(m.type.data, nullptr);
    EXPECT_EQ(view(m.source), "shop");
    ASSERT_EQ(m.header_count, 2u);
    EXPECT_EQ(view(m.headers[0].value), "1");
    EXPECT_EQ(m.headers[1].value.data, nullptr);
    EXPECT_EQ(m.timestamp_ms, -7);
    EXPECT_EQ(m.deadline_ms, 1'700'000'000'000);
    EXPECT_EQ(m.attempt, 3u);
    EXPECT_EQ(m.flags, MOMBRIDGE_MESSAGE_REDELIVERED);
  }
}

TEST(WorkerFrames, AResultKeepsAllThatItHas) {
  Sample sample;
  FrameBuffer out;
  write_result(out, {.id = 7, .how = WireResult::How::completed, .nanoseconds = 9}, &sample.message);
  write_result(out, {.id = 8, .how = WireResult::How::returned, .status = MOMBRIDGE_REJECT, .error = "why"}, nullptr);
  auto frames = read_all(out, 5);
  ASSERT_EQ(frames.size(), 2u);
  WireResult first, second;
  ByteReader one(frames[0].second), two(frames[1].second);
  ASSERT_TRUE(first.read(one, none));
  EXPECT_EQ(first.id, 7u);
  EXPECT_EQ(first.nanoseconds, 9u);
  ASSERT_TRUE(first.reply);
  EXPECT_EQ(view(first.reply->get()->body), "the body");
  ASSERT_TRUE(second.read(two, none));
  EXPECT_EQ(second.status, MOMBRIDGE_REJECT);
  EXPECT_EQ(second.error, "why");
  EXPECT_FALSE(second.reply);
}

TEST(WorkerFrames, EveryCutOfAFrameIsBroken) {
  Sample sample;
  FrameBuffer out;
  write_result(out, {.id = 7, .how = WireResult::How::completed}, &sample.message);
  auto fields = read_all(out, 1000)[0].second;
  for (size_t size = 0; size < fields.size(); ++size) {
    ByteReader reader(std::string_view(fields).substr(0, size));
    WireResult result;
    EXPECT_FALSE(result.read(reader, none)) << size;
  }
  fields += "x";
  ByteReader longer(fields);
  WireResult result;
  EXPECT_FALSE(result.read(longer, none)) << "something stands behind it";
}

TEST(WorkerFrames, AStreamOfRubbishIsNoStreamOfFrames) {
  FrameStream stream;
  std::memset(stream.room(100), 0xff, 100);
  stream.arrived(100);
  auto frame = stream.next();
  ASSERT_FALSE(frame);
  EXPECT_THAT(frame.error().text, HasSubstr("a frame of 4294967295 bytes"));
}

/// Two ends of a connection.
struct Pair {
  Pair() {
    int both[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, both), 0);
    one = Fd(both[0]);
    other = Fd(both[1]);
  }
  Fd one, other;
};

/// Sends all, and reads the bodies of the calls that come.
std::vector<std::string> sent_bodies(FrameBuffer& out, size_t at_once) {
  Pair pair;
  FrameStream stream;
  std::vector<std::string> bodies;
  while (out.unsent()) {
    auto n = out.send(pair.one.get());
    EXPECT_GT(n, 0);
    if (n <= 0) break;
    while (stream.receive(pair.other.get(), at_once) > 0)
      for (auto frame = stream.next(); frame && *frame; frame = stream.next()) {
        ByteReader reader((*frame)->fields);
        WireMessage message;
        EXPECT_TRUE(message.read(reader, stream.files()));
        bodies.emplace_back(view(message.get()->body));
      }
  }
  EXPECT_TRUE(stream.files().arrived.empty());
  return bodies;
}

TEST(WorkerFrames, ALargeBodyIsAFileBesideItsFrame) {
  for (size_t at_once : {size_t{1}, size_t{7}, size_t{4096}}) {
    FrameBuffer out;
    std::vector<std::string> bodies;
    for (size_t size : {size_t{5}, kLargeBody, size_t{0}, kLargeBody + 1, size_t{1} << 20, kLargeBody - 1}) {
      bodies.emplace_back(size, static_cast<char>('a' + bodies.size()));
      mombridge_message message{};
      message.struct_size = sizeof message;
      message.body = slice(bodies.back());
      FrameWriter(out, FrameType::call).message(message);
    }
    EXPECT_LT(out.size(), 2 * kLargeBody);
    EXPECT_EQ(out.in_files(), 2 * kLargeBody + 1 + (size_t{1} << 20));
    EXPECT_EQ(sent_bodies(out, at_once), bodies) << at_once;
    EXPECT_EQ(out.in_files(), 0u);
  }
}

TEST(WorkerFrames, WhatWasSentIsForgottenThoughThereIsAlwaysMore) {
  Pair pair;
  FrameBuffer out;
  FrameStream stream;
  size_t frames = 0;
  std::string text(50'000, 'x'), body(kLargeBody, 'y');
  mombridge_message message{};
  message.struct_size = sizeof message;
  message.body = slice(body);
  for (int i = 0; i < 2000; ++i) {
    FrameWriter(out, FrameType::log).text(text);
    FrameWriter(out, FrameType::call).message(message);
    while (out.unsent() > 20 * text.size()) ASSERT_GT(out.send(pair.one.get()), 0);
    while (stream.receive(pair.other.get(), 64 << 10) > 0)
      for (auto frame = stream.next(); frame && *frame; frame = stream.next()) {
        ++frames;
        ByteReader reader((*frame)->fields);
        WireMessage read;
        if ((*frame)->type == FrameType::call) {
          ASSERT_TRUE(read.read(reader, stream.files())) << i;
        }
      }
  }
  EXPECT_GT(frames, 3900u);
  EXPECT_GT(out.unsent(), 0u);
  EXPECT_LT(out.size(), 4'000'000u);
}

TEST(WorkerFrames, WhatIsTakenBackTakesItsFileAlong) {
  FrameBuffer out;
  std::string body(kLargeBody, 'x');
  mombridge_message message{};
  message.struct_size = sizeof message;
  message.body = slice(body);
  FrameWriter(out, FrameType::call).message(message);
  auto before = out.size();
  FrameWriter(out, FrameType::call).message(message);
  out.truncate(before);
  EXPECT_EQ(out.in_files(), kLargeBody);
  EXPECT_EQ(sent_bodies(out, 4096), std::vector<std::string>{body});
}

TEST(WorkerFrames, OnlyASealedFileIsABody) {
  auto file = make_body_file("the body");
  ASSERT_TRUE(file) << file.error().text;
  auto mapped = MappedBody::map(*file, 8);
  ASSERT_TRUE(mapped) << mapped.error().text;
  EXPECT_EQ(mapped->bytes(), "the body");
  EXPECT_EQ(MappedBody::map(*file, 9).error().text, "a body of another size than was said");
  EXPECT_LT(::write(file->get(), "x", 1), 0);
  EXPECT_NE(::ftruncate(file->get(), 1), 0);
  Fd open(::memfd_create("open", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  ASSERT_EQ(::write(open.get(), "the body", 8), 8);
  EXPECT_EQ(MappedBody::map(open, 8).error().text, "a body that is not sealed");
  Pair pair;
  EXPECT_EQ(MappedBody::map(pair.one, 8).error().text, "a body that is not sealed");
}

TEST(WorkerFrames, ABodyWhoseFileDoesNotComeIsBroken) {
  FrameBuffer out;
  std::string body(kLargeBody, 'x');
  mombridge_message message{};
  message.struct_size = sizeof message;
  message.body = slice(body);
  FrameWriter(out, FrameType::call).message(message);
  ByteReader reader(out.view().substr(5));
  WireMessage read;
  EXPECT_FALSE(read.read(reader, none));
}

/// A worker's slots, between a bridge and a reader of its frames.
class WorkerBodySlots : public testing::Test {
 protected:
  WorkerBodySlots() {
    Fd ignored;
    page = std::move(*Page::make(ignored));
    stream.files().takes_slots = true;
  }
  /// Sends the body as that call's, and returns it as it is read.
  std::string_view pass(std::string_view body, mombridge_request_id id) {
    mombridge_message message{};
    message.struct_size = sizeof message;
    message.body = slice(body);
    FrameWriter(out, FrameType::call).message(message, slots, id);
    while (out.unsent()) EXPECT_GT(out.send(pair.one.get()), 0);
    for (;;) {
      auto frame = stream.next();
      if (frame && *frame) {
        ByteReader reader((*frame)->fields);
        EXPECT_TRUE(read.read(reader, stream.files()) && reader.at_end());
        return view(read.get()->body);
      }
      if (stream.receive(pair.other.get(), 64 << 10) <= 0) return "nothing came";
    }
  }

  Page page;
  BodySlots slots{page};
  Pair pair;
  FrameBuffer out;
  FrameStream stream;
  WireMessage read;
};

TEST_F(WorkerBodySlots, CarryOneBodyAfterTheOther) {
  std::string first(kLargeBody, 'a'), second(BodySlots::kSize, 'b'), third(kLargeBody + 1, 'c');
  auto seen = pass(first, 1);
  EXPECT_TRUE(seen == first);
  EXPECT_TRUE(pass(second, 2) == second);
  EXPECT_TRUE(seen == first) << "its call is not answered";
  EXPECT_EQ(stream.files().slots.size(), 2u);
  slots.answered(1);
  EXPECT_TRUE(pass(third, 3) == third);
  EXPECT_EQ(stream.files().slots.size(), 2u);
  EXPECT_TRUE(seen.substr(0, 3) == "ccc") << "it is where the first one was";
}

TEST_F(WorkerBodySlots, AreNotUsedAgainWhileHandleRuns) {
  std::string body(kLargeBody, 'a');
  pass(body, 1);
  page.content().running[5] = 1;
  slots.answered(1);  // complete() comes before handle() returns
  pass(body, 2);
  EXPECT_EQ(stream.files().slots.size(), 2u);
  page.content().running[5] = 0;
  pass(body, 3);
  EXPECT_EQ(stream.files().slots.size(), 2u);
}

TEST_F(WorkerBodySlots, WhatFindsNoneHasAFileOfItsOwn) {
  std::string body(kLargeBody, 'a'), larger(BodySlots::kSize + 1, 'b');
  for (size_t i = 1; i <= BodySlots::kMost; ++i) pass(body, i);
  EXPECT_TRUE(pass(body, 100) == body);
  EXPECT_EQ(stream.files().slots.size(), BodySlots::kMost);
  for (size_t i = 1; i <= BodySlots::kMost; ++i) slots.answered(i);
  EXPECT_TRUE(pass(larger, 101) == larger);
  EXPECT_TRUE(stream.files().arrived.empty());
}

TEST_F(WorkerBodySlots, CanBeReadAndNotWrittenByOthers) {
  auto filled = slots.fill("x", 1);
  ASSERT_TRUE(filled);
  EXPECT_LT(::write(filled->file.get(), "y", 1), 0);
  EXPECT_NE(::ftruncate(filled->file.get(), 1), 0);
  EXPECT_EQ(::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, filled->file.get(), 0), MAP_FAILED);
}

// The worker could shorten or change what it made itself, and end the bridge with that.
TEST_F(WorkerBodySlots, AreNotTakenFromAWorker) {
  std::string body(kLargeBody, 'a');
  mombridge_message message{};
  message.struct_size = sizeof message;
  message.body = slice(body);
  FrameWriter(out, FrameType::call).message(message, slots, 1);
  ByteReader reader(out.view().substr(5));
  BodyFiles files;
  files.arrived.emplace_back(::memfd_create("any", MFD_CLOEXEC));
  EXPECT_FALSE(read.read(reader, files));
}

TEST_F(WorkerBodySlots, ThatWereNotSentAreBroken) {
  std::string body(kLargeBody, 'a');
  pass(body, 1);
  slots.answered(1);
  mombridge_message message{};
  message.struct_size = sizeof message;
  message.body = slice(body);
  FrameBuffer later;
  FrameWriter(later, FrameType::call).message(message, slots, 2);  // without its file, because it was sent before
  ByteReader reader(later.view().substr(5));
  BodyFiles others{.arrived = {}, .slots = {}, .takes_slots = true};
  EXPECT_FALSE(read.read(reader, others));
}

TEST(WorkerFrames, WhatCannotBeSent) {
  Sample sample;
  EXPECT_TRUE(check_message(sample.message));
  auto small = sample.message;
  small.struct_size = 8;
  EXPECT_FALSE(check_message(small));
  auto headless = sample.message;
  headless.headers = nullptr;
  EXPECT_FALSE(check_message(headless));
  auto large = sample.message;
  large.body.size = kLargestBody + 1;
  EXPECT_THAT(check_message(large).error().text, HasSubstr("the body has 134217729 bytes"));
  auto wide = sample.message;
  wide.key = {"", size_t{1} << 40};
  EXPECT_FALSE(check_message(wide));
}

}  // namespace
}  // namespace mombridge::handler::worker
