/* Says that its table ends before the mandatory functions. */
#include "plain.h"

static mombridge_status handle(void* self, const mombridge_message* message, mombridge_request_id id) {
  (void)message;
  plain_complete(self, id, MOMBRIDGE_OK, "never to be seen");
  return MOMBRIDGE_OK;
}

PLAIN_HANDLER("bad_small_struct", .handle = handle, .struct_size = 8);
