/* Counts `messages` and `bytes`, logs a line, and is done without a reply. */
#include "plain.h"

static mombridge_status handle(void* self, const mombridge_message* message, mombridge_request_id id) {
  const mombridge_host* host = self;
  host->count(host->ctx, mombridge_text("messages"), 1);
  host->count(host->ctx, mombridge_text("bytes"), message->body.size);
  host->log(host->ctx, MOMBRIDGE_LOG_INFO, mombridge_text("counted a message"));
  plain_complete(self, id, MOMBRIDGE_OK, NULL);
  return MOMBRIDGE_OK;
}

PLAIN_HANDLER("good_count", .handle = handle);
