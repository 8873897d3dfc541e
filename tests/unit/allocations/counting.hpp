#pragma once
// Calls of operator new in this process, on all threads. What the client libraries allocate is not among them, because
// they are written in C and call malloc().

#include <cstdint>

namespace mombridge::test {

uint64_t allocations() noexcept;

}  // namespace mombridge::test
