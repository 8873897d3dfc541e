// The header in use, from C and from C++. Its layout is in layout.c.
#include <string_view>

#include <gtest/gtest.h>

#include "mombridge/handler.h"

extern "C" int c11_has_flags(const mombridge_message* message);

namespace {

// C++ sees the sizes that layout.c proves for C.
static_assert(sizeof(mombridge_slice) == 16 && sizeof(mombridge_header) == 32 && sizeof(mombridge_message) == 208 &&
              sizeof(mombridge_result) == 40 && sizeof(mombridge_host) == 72 && sizeof(mombridge_handler) == 80);
static_assert(std::string_view(MOMBRIDGE_ENTRY_SYMBOL) == "mombridge_handler_entry");

TEST(Abi, HasSeesWhetherTheOtherSideKnowsAField) {
  mombridge_message message{};
  message.struct_size = sizeof message;
  EXPECT_TRUE(c11_has_flags(&message));
  message.struct_size = offsetof(mombridge_message, flags);
  EXPECT_FALSE(c11_has_flags(&message));
}

TEST(Abi, TextOfNullIsAbsentAndOfEmptyIsPresent) {
  EXPECT_EQ(mombridge_text(nullptr).data, nullptr);
  EXPECT_NE(mombridge_text("").data, nullptr);
  EXPECT_EQ(mombridge_text("abc").size, 3u);
}

}  // namespace
