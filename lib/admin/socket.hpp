#pragma once
// Sockets that listen, and where the bridge's own unix socket is.

#include <string>
#include <sys/stat.h>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "config/config.hpp"

namespace mombridge::admin {

/// Bound and listening, without blocking. The file of a unix socket goes with it.
class ListeningSocket {
 public:
  /// A unix socket gets the mode 0600 before anybody can connect, and takes the place of one that nobody listens at
  /// any more. Fails with the system's words, as in "127.0.0.1:8420: Address already in use".
  [[nodiscard]] static Result<ListeningSocket> open(const config::Listen& listen);

  /// The same for a listener of the configuration; the error begins with the place of its key: "a.yaml:3:5:
  /// admin.listen: cannot listen at …". `key` is its path.
  [[nodiscard]] static Result<ListeningSocket> open(const config::Listener& listener, const std::string& key);

  ListeningSocket() = default;
  ListeningSocket(ListeningSocket&& other) noexcept;
  ListeningSocket& operator=(ListeningSocket&& other) noexcept;
  ~ListeningSocket() { close(); }

  [[nodiscard]] int fd() const { return fd_.get(); }
  explicit operator bool() const { return static_cast<bool>(fd_); }
  /// Removes the file, unless another process has put its own there.
  void close();

 private:
  static Result<ListeningSocket> open_path(const std::string& path);
  static Result<ListeningSocket> open_address(const config::Listen& listen);

  Fd fd_;
  std::string path_;  ///< of a unix socket
  dev_t device_ = 0;  ///< with the inode, which file it is
  ino_t inode_ = 0;
};

/// The socket of the bridge of that name, in the folder for such things: $RUNTIME_DIRECTORY, else
/// $XDG_RUNTIME_DIR/mombridge, else /tmp/mombridge-UID. The folder is made where it is not there, for this user alone.
/// Fails where the folder belongs to somebody else or others may write there.
[[nodiscard]] Result<config::Listen> runtime_socket(const std::string& bridge);

/// Where a bridge of that name may have its socket, as seen by another process of the same user, or by root.
[[nodiscard]] std::vector<config::Listen> runtime_sockets(const std::string& bridge);

/// Connects within `seconds`; the socket blocks, and each of its calls fails after that long.
[[nodiscard]] Result<Fd> connect_to(const config::Listen& listen, int seconds);

}  // namespace mombridge::admin
