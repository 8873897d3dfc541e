// The layout of version 1.0. A change here breaks every compiled handler: append, and raise the minor version.
#include <gtest/gtest.h>

#include "mombridge/handler.h"

extern "C" size_t c11_size_of_message(void);
extern "C" int c11_has_flags(const mombridge_message* message);

namespace {

static_assert(sizeof(void*) != 8 || MOMBRIDGE_MESSAGE_SIZE_1_0 == 208);
static_assert(sizeof(void*) != 8 || MOMBRIDGE_RESULT_SIZE_1_0 == 40);
static_assert(sizeof(void*) != 8 || MOMBRIDGE_HOST_SIZE_1_0 == 72);
static_assert(sizeof(void*) != 8 || MOMBRIDGE_HANDLER_SIZE_1_0 == 80);
static_assert(offsetof(mombridge_message, struct_size) == 0 && offsetof(mombridge_result, struct_size) == 0);
static_assert(offsetof(mombridge_host, struct_size) == 0 && offsetof(mombridge_handler, struct_size) == 0);
static_assert(MOMBRIDGE_OK == 0 && MOMBRIDGE_RETRY == -1 && MOMBRIDGE_REJECT == -2 && MOMBRIDGE_INVALID == -3 &&
              MOMBRIDGE_NOT_FOUND == -4 && MOMBRIDGE_BUSY == -5 && MOMBRIDGE_CLOSED == -6 && MOMBRIDGE_INTERNAL == -7);

TEST(Abi, IsTheSameInCAndCpp) { EXPECT_EQ(c11_size_of_message(), sizeof(mombridge_message)); }

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
