#pragma once
// Requests out of a stream of bytes: HTTP/1.1 and 1.0, with a length or in chunks, several on one connection. Strict
// where a lenient reader and a proxy in front of it could see different requests (RFC 9112, 2.2, 5.1, 6.3).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mombridge::http_ingress {

/// The request line and the headers.
struct RequestHead {
  std::string method;
  std::string path;   ///< as sent: with its percent-encoding
  std::string query;  ///< behind the question mark
  bool http_1_0 = false;
  bool keep_alive = true;                                    ///< the peer wants to go on with this connection
  bool wants_continue = false;                               ///< it waits for a "100 Continue" before it sends the body
  std::vector<std::pair<std::string, std::string>> headers;  ///< in their order; names as sent

  /// The only header of that name, which is compared without regard to case. Absent where there is none; the first
  /// where there are several.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
  [[nodiscard]] size_t count(std::string_view name) const;
};

/// ASCII, as names of headers are compared.
[[nodiscard]] bool same_name(std::string_view a, std::string_view b);
/// Of a header, by RFC 9110, 5.6.2.
[[nodiscard]] bool is_token(std::string_view text);
/// As the value of a header: no control characters.
[[nodiscard]] bool fits_http(std::string_view value);

/// Why a request is not read to its end.
struct RequestFault {
  int status = 400;
  std::string words;
};

/// On one thread. One request at a time: next() begins another.
class RequestReader {
 public:
  enum class State {
    head,    ///< more bytes are needed for the head
    body,    ///< the head is there; more bytes are needed for the body
    whole,   ///< the request is there; nothing more is taken
    faulty,  ///< see fault(); what follows on the connection cannot be told apart
  };

  /// Bytes that the head may have, and a body.
  RequestReader(size_t most_head, uint64_t most_body) : most_head_(most_head), most_body_(most_body) {}

  /// Takes what belongs to the request that is being read, and returns how much that was. Stops behind the head where
  /// a body follows, so that the head can be judged first.
  size_t take(std::string_view bytes);

  [[nodiscard]] State state() const { return state_; }
  /// Nothing of the next request has come yet.
  [[nodiscard]] bool untouched() const { return state_ == State::head && line_.empty() && !head_bytes_; }
  [[nodiscard]] const RequestFault& fault() const { return fault_; }

  // [from State::body on]
  [[nodiscard]] const RequestHead& head() const { return head_; }
  /// Bytes that the body has; absent where that is not known before its end.
  [[nodiscard]] std::optional<uint64_t> length() const;

  /// [State::whole] Hands the request over.
  [[nodiscard]] std::pair<RequestHead, std::string> release() { return {std::move(head_), std::move(body_)}; }
  /// From now on the next request is read, whose body may have so many bytes.
  void next(uint64_t most_body);

 private:
  enum class Part { request_line, headers, counted, chunk_size, chunk, chunk_end, trailers };

  bool take_line(std::string_view& bytes);
  void take_body(std::string_view& bytes);
  void line_ended();
  void read_request_line();
  void read_header();
  void head_ended();
  std::optional<RequestFault> frame();
  void read_chunk_size();
  void fail(int status, std::string words);

  const size_t most_head_;
  uint64_t most_body_;
  State state_ = State::head;
  Part part_ = Part::request_line;
  RequestFault fault_;
  RequestHead head_;
  std::string line_, body_;
  size_t head_bytes_ = 0;  ///< of the head or the trailers, up to the line at hand
  uint64_t left_ = 0;      ///< of a counted body, or of a chunk
};

}  // namespace mombridge::http_ingress
