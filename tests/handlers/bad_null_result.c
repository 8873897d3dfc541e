/* Completes without a result. The request must end as retry. */
#include "plain.h"

static mombridge_status handle(void* self, const mombridge_message* message, mombridge_request_id id) {
  const mombridge_host* host = self;
  (void)message;
  host->complete(host->ctx, id, NULL);
  return MOMBRIDGE_OK;
}

PLAIN_HANDLER("bad_null_result", .handle = handle);
