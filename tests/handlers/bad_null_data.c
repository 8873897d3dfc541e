/* Answers with a body that has a size and no data. */
#include "plain.h"

static mombridge_status handle(void* self, const mombridge_message* message, mombridge_request_id id) {
  (void)message;
  const mombridge_host* host = self;
  mombridge_message reply = {.struct_size = sizeof reply, .body = {NULL, 10}};
  mombridge_result result = {.struct_size = sizeof result, .status = MOMBRIDGE_OK, .reply = &reply};
  host->complete(host->ctx, id, &result);
  return MOMBRIDGE_OK;
}

PLAIN_HANDLER("bad_null_data", .handle = handle);
