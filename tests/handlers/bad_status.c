/* Completes with an undefined status: the body as a number, else 42. The request must end as retry. */
#include "plain.h"

static mombridge_status handle(void* self, const mombridge_message* message, mombridge_request_id id) {
  plain_complete(self, id, plain_number(message, 42), "undefined");
  return MOMBRIDGE_OK;
}

PLAIN_HANDLER("bad_status", .handle = handle);
