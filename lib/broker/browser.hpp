#pragma once
// Looks through what stands in a queue or a topic, for people's tools: nothing is lost by looking.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "message/message.hpp"
#include "message/publication.hpp"

namespace mombridge {

/// A message that a Browser has read. It owns what its message views, and outlives neither the browser nor its end().
class StoredMessage {
 public:
  StoredMessage() = default;
  StoredMessage(const StoredMessage&) = delete;
  StoredMessage& operator=(const StoredMessage&) = delete;
  virtual ~StoredMessage() = default;

  Message message;
  /// Names it the next time that somebody looks, too. Printable, without spaces. Two messages that are equal in all
  /// parts may share one.
  std::string id;
  /// Not empty: its queue may drop it when it has been given back once more. So a copy must be published to this
  /// target with these options, and this one removed. `why` is for people.
  std::string copy_to, why;
  const PublishOptions* copy_options = nullptr;
};

/// Reads the messages that stood there when it was opened, in their order, each once. What is not removed stays.
/// For one thread; everything blocks, for as long as the broker's own time-outs say.
class Browser {
 public:
  Browser() = default;
  Browser(const Browser&) = delete;
  Browser& operator=(const Browser&) = delete;
  /// Without end() before: as a crash, after which what was removed last may stand there still.
  virtual ~Browser() = default;

  /// Logs in and looks the queue or topic up. The first of all calls. Fails in words that say what is to be mended.
  virtual Result<> open() = 0;
  /// The next message; null: there is none any more.
  virtual Result<std::unique_ptr<StoredMessage>> next() = 0;
  /// The message has been dealt with: it will not be read again.
  virtual Result<> remove(const StoredMessage& stored) = 0;
  /// Writes what was removed, where that is not done at once. To be called now and then, because what is not written
  /// may be read again after a crash.
  virtual Result<> flush() { return {}; }
  /// Fails, with the reason, where no further one may be removed before those that were passed over. Of a few messages
  /// more it can still be noted that they were removed.
  [[nodiscard]] virtual Result<> may_remove() const { return {}; }
  /// Returns true while what was read would be given back behind messages that were not read: to keep their order, the
  /// next one must be read, too.
  [[nodiscard]] virtual bool must_read_on() const { return false; }
  /// Gives back what was not removed, writes what was, and logs out. The last call.
  virtual Result<> end() = 0;
};

/// How one message gets to where a subscription reads it, and nobody else: a broker of the kind publishes it so.
struct WayBack {
  std::string target;
  std::shared_ptr<const PublishOptions> options;             ///< null: the broker's own
  std::vector<std::pair<std::string, std::string>> headers;  ///< that it needs beside its own
};

/// What a browser is asked for.
struct BrowseOptions {
  std::string target;  ///< name of the queue or topic
  /// Under this name a log, which keeps what was removed, notes what that is.
  std::string group;
  /// How often a queue that counts delivers a message at most; 0: without a limit; absent: what the configuration says.
  std::optional<int64_t> delivery_limit;
};

}  // namespace mombridge
