// What librdkafka calls of ours contains its exceptions.

#include "broker/kafka/client_callbacks.hpp"

#include <cstdlib>
#include <new>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "base/counters.hpp"
#include "base/log.hpp"
#include "broker/kafka/client.hpp"
#include "test_settings.hpp"

namespace {
thread_local bool out_of_memory = false;
}  // namespace

// Of the whole program, so that a test can see what becomes of an exception where memory runs out.
void* operator new(std::size_t size) {
  if (out_of_memory) throw std::bad_alloc();
  if (auto* memory = std::malloc(size ? size : 1)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return out_of_memory ? nullptr : std::malloc(size ? size : 1);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }

namespace mombridge::kafka {
namespace {

uint64_t thrown() { return counter("callback_exceptions").value(); }

TEST(ClientCallbacks, AnExceptionEndsThereAndIsCounted) {
  auto before = thrown();
  contained([] { throw std::runtime_error("reason"); });
  contained([] { throw 1; });
  contained([] {});
  EXPECT_EQ(thrown(), before + 2);
}

TEST(ClientCallbacks, TheLogOutlivesALackOfMemory) {
  static_assert(noexcept(write_log(nullptr, 0, nullptr, nullptr)));
  static_assert(noexcept(connect_socket(0, nullptr, 0, nullptr, nullptr)));
  static_assert(noexcept(close_socket(0, nullptr)));
  log::init(log::Level::warn, log::Format::json);
  auto client = make_client(RD_KAFKA_PRODUCER, *make_settings("127.0.0.1:1", "g", {}), {}, ClientLog::silent);
  ASSERT_TRUE(client) << client.error().text;
  auto before = thrown();
  const std::string text(200, 'x');
  testing::internal::CaptureStderr();
  out_of_memory = true;
  write_log(client->get(), 3, "FAIL", text.c_str());
  out_of_memory = false;
  testing::internal::GetCapturedStderr();
  EXPECT_EQ(thrown(), before + 1);
}

TEST(ClientCallbacks, WhatAClientThatEndsSaysOfItsConnectionsIsNoWarning) {
  log::init(log::Level::warn, log::Format::json);
  auto client = make_client(RD_KAFKA_PRODUCER, *make_settings("127.0.0.1:1", "g", {}), {}, ClientLog::silent);
  ASSERT_TRUE(client) << client.error().text;
  testing::internal::CaptureStderr();
  context_of(client->get())->sockets.cut();
  write_log(client->get(), 3, "FAIL", "disconnected by ourselves");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace mombridge::kafka
