/* Was built for another major version of the ABI. */
#include "plain.h"

static mombridge_status handle(void* self, const mombridge_message* message, mombridge_request_id id) {
  (void)message;
  plain_complete(self, id, MOMBRIDGE_OK, "never to be seen");
  return MOMBRIDGE_OK;
}

PLAIN_HANDLER("bad_major", .handle = handle, .abi_major = MOMBRIDGE_ABI_MAJOR + 1);
