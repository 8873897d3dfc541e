// Does to its process what the body of a message says, and answers anything else. What is done at create() is in
// config `create`.
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <new>
#include <sched.h>
#include <string>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "mombridge/handler.hpp"

using namespace mombridge::sdk;

namespace {

volatile int sink = 0;
volatile int* volatile nowhere = nullptr;

// NOLINTNEXTLINE(misc-no-recursion): that is the point
int overflow(int depth) {
  volatile char frame[4096];
  frame[0] = static_cast<char>(depth);
  return depth < 0 ? frame[0] : overflow(depth + 1) + frame[0];
}

void corrupt_heap() {
  char* volatile block = static_cast<char*>(std::malloc(64));  // the compiler would see what is done here
  std::memset(block - 4096, 0x5a, 1 << 20);
  std::free(block);
  for (int i = 0; i < 1000; ++i) std::free(std::malloc(static_cast<std::size_t>(i) * 64));
  std::abort();  // whoever gets through that is told so here
}

void eat() {
  for (std::vector<char*> all;;) {
    auto* block = static_cast<char*>(std::malloc(1 << 20));
    std::memset(block, 1, 1 << 20);  // nullptr where there is no more
    all.push_back(block);
  }
}

void write_rubbish() {
  char rubbish[512];
  std::memset(rubbish, 0xff, sizeof rubbish);
  for (int fd = 3; fd < 256; ++fd)
    if (::write(fd, rubbish, sizeof rubbish) < 0) sink = errno;
}

void close_all() {
  for (int fd = 0; fd < 256; ++fd) ::close(fd);
}

/// A child that lives on with all that is open here.
void fork_and_go() {
  if (::fork() == 0)
    for (;;) ::pause();
}

void die(const std::string& how) {
  if (how == "abort") std::abort();
  if (how == "segv") *nowhere = 1;
  if (how == "kill") std::raise(SIGKILL);
  if (how == "term") std::raise(SIGTERM);
  if (how == "exit") std::exit(0);
  if (how == "exit7") ::_exit(7);
  if (how == "overflow") sink = overflow(0);
  if (how == "heap") corrupt_heap();
  if (how == "eat") eat();
  if (how == "loop")
    for (;;) sink = sink + 1;
  if (how == "stopped") std::raise(SIGSTOP);
  if (how == "rubbish") write_rubbish();
  if (how == "close") close_all();
  if (how == "half") {
    char half[] = {0, 0, 1, 0, 40, 0};
    if (::write(3, half, sizeof half) < 0) sink = errno;
    ::shutdown(3, SHUT_WR);
  }
  if (how == "huge") {
    char huge[] = {'\x7f', '\x7f', '\x7f', '\x7f', 40, 0};
    if (::write(3, huge, sizeof huge) < 0) sink = errno;
  }
  if (how == "fork_and_abort") {
    fork_and_go();
    std::abort();
  }
}

/// "ok", or the error of the system.
std::string said(long result) { return result < 0 ? std::strerror(errno) : "ok"; }

std::string opened(const std::string& path, int flags) {
  int fd = ::open(path.c_str(), flags, 0600);
  auto text = said(fd);
  if (fd >= 0) ::close(fd);
  return text;
}

/// Tries what the body says, and what came of it. Empty: the body says nothing.
std::string attempt(const std::string& body) {
  auto path = body.substr(std::min(body.size(), body.find(' ') + 1));
  if (body == "kill_parent") return said(::kill(::getppid(), SIGKILL));
  if (body == "kill_all") return said(::kill(-1, SIGTERM));
  if (body == "signal_itself") return said(::kill(::getpid(), 0));
  if (body == "fork") {
    auto child = ::fork();
    if (child == 0) ::_exit(0);
    return said(child);
  }
  if (body == "exec") return said(::execl("/bin/true", "true", nullptr));
  if (body == "socket") return said(::socket(AF_INET, SOCK_STREAM, 0));
  if (body == "unix_socket") return said(::socket(AF_UNIX, SOCK_STREAM, 0));
  if (body.starts_with("nap ")) {
    ::usleep(static_cast<useconds_t>(std::stoi(path)) * 1000);
    return body;
  }
  if (body == "processors") {
    cpu_set_t all;
    return ::sched_getaffinity(0, sizeof all, &all) == 0 ? std::to_string(CPU_COUNT(&all)) : std::strerror(errno);
  }
  if (body.starts_with("read ")) return opened(path, O_RDONLY);
  if (body.starts_with("write ")) return opened(path, O_WRONLY | O_CREAT);
  return {};
}

}  // namespace

class BadBody : public Handler {
 public:
  using Handler::Handler;

  void start() override { die(config().get("start", "")); }

  void handle(const MessageView& message, Request& request) override {
    std::string body(message.body());
    die(body);
    if (body == "print") {
      std::printf("a line\nhalf of");
      std::fflush(stdout);
      std::printf(" a line\n");
      std::fprintf(stderr, "an error\n");
    }
    if (body == "log_flood")
      for (int i = 0; i < 100000; ++i) host().info("line " + std::to_string(i));
    if (body == "oom") throw std::bad_alloc();
    if (body == "new") return request.reply(std::string(take_much(), 'x')), void();
    if (body == "gib") {
      auto* memory = static_cast<char*>(
          ::mmap(nullptr, std::size_t{1} << 30, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
      request.reply(std::string_view(memory, std::size_t{1} << 30));
      ::munmap(memory, std::size_t{1} << 30);
      return;
    }
    if (body == "nothing") {
      std::thread([kept = std::move(request)] { ::sleep(3600); }).detach();
      return;
    }
    if (body == "abort_later") {
      std::thread([kept = std::move(request)] { std::abort(); }).detach();
      return;
    }
    if (auto tried = attempt(body); !tried.empty()) return request.reply(tried), void();
    if (body == "pid") return request.reply(std::to_string(::getpid())), void();
    if (body == "environment") {
      std::string all;
      for (char** variable = environ; *variable; ++variable) all += std::string(*variable) + "\n";
      return request.reply(all), void();
    }
    if (body == "descriptors") {
      std::string all;
      for (int fd = 0; fd < 1024; ++fd)
        if (::fcntl(fd, F_GETFD) >= 0) all += std::to_string(fd) + " ";
      return request.reply(all), void();
    }
    request.reply(echo_ ? body : "alive");
  }

 private:
  static std::size_t take_much() { return std::size_t{1} << 40; }

  const bool echo_ = config().get("echo", "") == "true";
  const bool created_ = (die(config().get("create", "")), true);
};

MOMBRIDGE_HANDLER(BadBody, "bad_body", "1.2");
