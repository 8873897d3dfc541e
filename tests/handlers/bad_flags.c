/* Has a flag that no bridge knows: whatever it means cannot be kept. */
#include "plain.h"

static mombridge_status handle(void* self, const mombridge_message* message, mombridge_request_id id) {
  (void)message;
  plain_complete(self, id, MOMBRIDGE_OK, "never to be seen");
  return MOMBRIDGE_OK;
}

PLAIN_HANDLER("bad_flags", .handle = handle, .flags = 0x80000000u);
