/* Takes every message and never answers. */
#include "plain.h"

static mombridge_status handle(void* self, const mombridge_message* message, mombridge_request_id id) {
  (void)self;
  (void)message;
  (void)id;
  return MOMBRIDGE_OK;
}

PLAIN_HANDLER("bad_never_completes", .handle = handle);
