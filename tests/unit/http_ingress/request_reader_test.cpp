#include "http_ingress/request_reader.hpp"

#include <tuple>

#include <gmock/gmock.h>

namespace mombridge::http_ingress {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using State = RequestReader::State;

constexpr size_t kHead = 1024;
constexpr uint64_t kBody = 100;

/// As a connection reads: behind the head it is asked again.
size_t take_all(RequestReader& reader, std::string_view bytes) {
  size_t taken = 0;
  for (size_t n = 1; n && taken < bytes.size(); taken += n) n = reader.take(bytes.substr(taken));
  return taken;
}

struct Read {
  State state;
  std::string body;
  int status = 0;
  std::string words;
  RequestHead head;
};

Read read(std::string_view bytes, size_t pieces = SIZE_MAX) {
  RequestReader reader(kHead, kBody);
  for (size_t at = 0; at < bytes.size(); at += pieces) {
    take_all(reader, bytes.substr(at, pieces));
    if (pieces == SIZE_MAX) break;
  }
  Read result{.state = reader.state(), .body = {}, .words = {}, .head = {}};
  if (reader.state() == State::faulty) {
    result.status = reader.fault().status;
    result.words = reader.fault().words;
  }
  if (reader.state() == State::whole) std::tie(result.head, result.body) = reader.release();
  return result;
}

std::string counted() {
  std::string text =
      "POST /v1/publish/shop/a%20b?timeout=2s HTTP/1.1\r\nHost: localhost\r\nX-Two:  one \t\r\nx-two: 2\r\n"
      "Content-Length: 5\r\n\r\n";
  return text + std::string("he\0lo", 5);
}

TEST(RequestReader, ReadsACountedBody) {
  for (size_t pieces : {SIZE_MAX, size_t{1}, size_t{7}}) {
    auto request = read(counted(), pieces);
    ASSERT_EQ(request.state, State::whole) << request.words;
    EXPECT_EQ(request.body, std::string("he\0lo", 5));
    EXPECT_EQ(request.head.method, "POST");
    EXPECT_EQ(request.head.path, "/v1/publish/shop/a%20b");
    EXPECT_EQ(request.head.query, "timeout=2s");
    EXPECT_THAT(request.head.headers, ElementsAre(Pair("Host", "localhost"), Pair("X-Two", "one"), Pair("x-two", "2"),
                                                  Pair("Content-Length", "5")));
    EXPECT_EQ(request.head.header("X-TWO"), "one");
    EXPECT_EQ(request.head.count("x-Two"), 2u);
    EXPECT_TRUE(request.head.keep_alive);
  }
}

TEST(RequestReader, ReadsChunks) {
  std::string text =
      "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n"
      "3;name=value\r\nabc\r\n0a\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n";
  for (size_t pieces : {SIZE_MAX, size_t{1}, size_t{5}}) {
    auto request = read(text, pieces);
    ASSERT_EQ(request.state, State::whole) << request.words;
    EXPECT_EQ(request.body, "abc0123456789");
  }
}

TEST(RequestReader, StopsBehindTheHeadAndBehindTheRequest) {
  RequestReader reader(kHead, kBody);
  auto text = counted() + "POST /next HTTP/1.1\r\n";
  auto head = reader.take(text);
  EXPECT_EQ(head, counted().size() - 5);
  EXPECT_EQ(reader.state(), State::body);
  EXPECT_EQ(reader.length(), 5u);
  EXPECT_EQ(reader.take(std::string_view(text).substr(head)), 5u);
  EXPECT_EQ(reader.state(), State::whole);
  EXPECT_EQ(reader.take("POST"), 0u);
  reader.next(kBody);
  EXPECT_TRUE(reader.untouched());
  take_all(reader, "\r\nGET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(reader.state(), State::whole) << "an empty line before a request is passed over, and 1.0 needs no Host";
  EXPECT_FALSE(reader.head().keep_alive);
}

TEST(RequestReader, LengthOfChunksIsNotKnownBefore) {
  RequestReader reader(kHead, kBody);
  reader.take("POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  EXPECT_EQ(reader.state(), State::body);
  EXPECT_FALSE(reader.length());
}

TEST(RequestReader, KnowsWhatTheClientWantsOfTheConnection) {
  auto keeps = [](std::string_view version, std::string_view connection) {
    return read("GET / HTTP/" + std::string(version) + "\r\nHost: h\r\nConnection: " + std::string(connection) +
                "\r\n\r\n")
        .head.keep_alive;
  };
  EXPECT_TRUE(keeps("1.1", ""));
  EXPECT_TRUE(keeps("1.1", "keep-alive"));
  EXPECT_FALSE(keeps("1.1", "Upgrade, Close"));
  EXPECT_FALSE(keeps("1.0", ""));
  EXPECT_TRUE(keeps("1.0", "Keep-Alive"));
}

TEST(RequestReader, AsksForContinue) {
  RequestReader reader(kHead, kBody);
  reader.take("POST /a HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n");
  EXPECT_TRUE(reader.head().wants_continue);
}

struct Wrong {
  const char* text;
  int status;
  const char* words;
};

class Refused : public testing::TestWithParam<Wrong> {};

TEST_P(Refused, SaysWhy) {
  for (size_t pieces : {SIZE_MAX, size_t{1}}) {
    auto request = read(GetParam().text, pieces);
    EXPECT_EQ(request.state, State::faulty);
    EXPECT_EQ(request.status, GetParam().status);
    EXPECT_THAT(request.words, HasSubstr(GetParam().words));
  }
}

INSTANTIATE_TEST_SUITE_P(
    RequestReader, Refused,
    testing::Values(
        Wrong{"\x16\x03\x01 hello\r\n", 400, "no HTTP request"}, Wrong{"GET /\r\n", 400, "no HTTP request"},
        Wrong{"GET / HTTP/2.0\r\n", 505, "HTTP/1.1"}, Wrong{"GET a HTTP/1.1\r\n", 400, "path"},
        Wrong{"GET /a b HTTP/1.1\r\n", 400, "%20"}, Wrong{"GET http://h/ HTTP/1.1\r\n", 400, "begins with '/'"},
        Wrong{"GET / HTTP/1.1\nHost: h\n\n", 400, "CR LF"}, Wrong{"GET / HTTP/1.1\r\n\r\n", 400, "one Host"},
        Wrong{"GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n", 400, "one Host"},
        Wrong{"GET / HTTP/1.1\r\nHost : h\r\n", 400, "'Host '"},
        Wrong{"GET / HTTP/1.1\r\nno colon\r\n", 400, "name of a header"},
        Wrong{"GET / HTTP/1.1\r\nA: b\r\n folded\r\n", 400, "name of a header"},
        Wrong{"GET / HTTP/1.1\r\nA: b\x01\r\n", 400, "control character"},
        Wrong{"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", 400,
              "one Content-Length"},
        Wrong{"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n", 400, "one Content-Length"},
        Wrong{"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "exclude"},
        Wrong{"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "HTTP/1.0"},
        Wrong{"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501, "chunked alone"},
        Wrong{"POST / HTTP/1.1\r\nHost: h\r\nExpect: 200-ok\r\n\r\n", 417, "100-continue"},
        Wrong{"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 101\r\n\r\n", 413, "ingress.max_body"},
        Wrong{"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999\r\n\r\n", 400, "number"},
        Wrong{"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", 400, "its size"},
        Wrong{"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n", 400,
              "longer than it says"},
        Wrong{"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n", 413, "ingress.max_body"},
        Wrong{"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", 413,
              "max_body"}));

TEST(RequestReader, AHeadHasItsBounds) {
  std::string flood = "GET / HTTP/1.1\r\n";
  for (int i = 0; i < 200; ++i) flood += "Header-" + std::to_string(i) + ": x\r\n";
  EXPECT_EQ(read(flood).status, 431);
  EXPECT_EQ(read("GET /" + std::string(kHead, 'a')).status, 431);
  std::string lines(kHead + 2, '\n');
  for (size_t i = 0; i < lines.size(); i += 2) lines[i] = '\r';
  EXPECT_EQ(read(lines).status, 431) << "nor are there empty lines without an end";
  auto chunked = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(read(chunked + std::string("1;") + std::string(500, 'x')).status, 400);
  EXPECT_EQ(read(chunked + std::string("0\r\n") + flood.substr(16)).status, 431) << "trailers, too";
}

TEST(RequestReader, ChunksTogetherHaveTheBoundsOfABody) {
  std::string text = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 11; ++i) text += "a\r\n0123456789\r\n";
  EXPECT_EQ(read(text).status, 413);
}

}  // namespace
}  // namespace mombridge::http_ingress
