#include "base/container_memory.hpp"

#include <fstream>

#include <gtest/gtest.h>

namespace mombridge {
namespace {

class ContainerMemory : public testing::Test {
 protected:
  void SetUp() override {
    auto pattern = testing::TempDir() + "mombridge-container-XXXXXX";
    ASSERT_TRUE(::mkdtemp(pattern.data()));
    root = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(root); }
  void write(const std::string& file, const std::string& text) const {
    std::filesystem::create_directories((root / file).parent_path());
    std::ofstream(root / file) << text;
  }
  [[nodiscard]] std::optional<uint64_t> limit() const { return container_memory(root); }

  std::filesystem::path root;
};

TEST_F(ContainerMemory, NothingIsKnownWithoutControlGroups) { EXPECT_FALSE(limit()); }

TEST_F(ContainerMemory, TheLimitOfVersion2) {
  write("proc/self/cgroup", "0::/\n");
  EXPECT_FALSE(limit()) << "the root group has no such file";
  write("sys/fs/cgroup/memory.max", "max\n");
  EXPECT_FALSE(limit());
  write("sys/fs/cgroup/memory.max", "134217728\n");
  EXPECT_EQ(limit(), 134217728u);
}

TEST_F(ContainerMemory, TheLeastOfTheGroupsAroundIt) {
  write("proc/self/cgroup", "0::/system.slice/mombridge.service\n");
  write("sys/fs/cgroup/system.slice/mombridge.service/memory.max", "max\n");
  write("sys/fs/cgroup/system.slice/memory.max", "1000000\n");
  EXPECT_EQ(limit(), 1000000u);
  write("sys/fs/cgroup/system.slice/mombridge.service/memory.max", "2000000\n");
  EXPECT_EQ(limit(), 1000000u);
  write("sys/fs/cgroup/system.slice/mombridge.service/memory.max", "500000\n");
  EXPECT_EQ(limit(), 500000u);
}

TEST_F(ContainerMemory, TheLimitOfVersion1) {
  write("proc/self/cgroup", "12:cpu,cpuacct:/one\n4:memory:/two\n0::/three\n");
  write("sys/fs/cgroup/memory/two/memory.limit_in_bytes", "9223372036854771712\n");
  write("sys/fs/cgroup/memory/one/memory.limit_in_bytes", "5\n");
  EXPECT_FALSE(limit()) << "that number stands for none, and the other group is another controller's";
  write("sys/fs/cgroup/memory/two/memory.limit_in_bytes", "268435456\n");
  EXPECT_EQ(limit(), 268435456u);
}

// A container sees its own group at the top, while its path is one of the host's.
TEST_F(ContainerMemory, OfAPathThatIsNotThere) {
  write("proc/self/cgroup", "4:memory:/docker/0123456789ab\n");
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", "134217728\n");
  EXPECT_EQ(limit(), 134217728u);
}

TEST_F(ContainerMemory, WhatIsNoNumberIsNoLimit) {
  write("proc/self/cgroup", "nonsense\n0::/\n");
  for (auto* text : {"", "0", "-5", "12x", "99999999999999999999999"}) {
    write("sys/fs/cgroup/memory.max", text);
    EXPECT_FALSE(limit()) << text;
  }
}

}  // namespace
}  // namespace mombridge
