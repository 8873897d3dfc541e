/* Returns a failure from handle(): the body as a number, else INTERNAL. */
#include "plain.h"

static mombridge_status handle(void* self, const mombridge_message* message, mombridge_request_id id) {
  (void)self;
  (void)id;
  return plain_number(message, MOMBRIDGE_INTERNAL);
}

PLAIN_HANDLER("bad_returns_error", .handle = handle);
