/* Publishes as the body says: "flood" to config `broker` a hundred thousand times, "unknown" to a broker that nobody
 * has, "null" a body without data. Answers how often that was taken and refused. */
#include <stdio.h>

#include "plain.h"

static mombridge_status send(const mombridge_host* host, const char* broker, mombridge_slice body) {
  mombridge_message message = {.struct_size = sizeof message, .target = mombridge_text("out"), .body = body};
  return host->publish(host->ctx, mombridge_text(broker), &message, NULL, NULL);
}

static mombridge_status handle(void* self, const mombridge_message* message, mombridge_request_id id) {
  const mombridge_host* host = self;
  char text[100];
  if (message->body.size == 5) {
    int taken = 0, busy = 0, other = 0;
    for (int i = 0; i < 100000; ++i) {
      mombridge_status status = send(host, "shop", message->body);
      taken += status == MOMBRIDGE_OK;
      busy += status == MOMBRIDGE_BUSY;
      other += status != MOMBRIDGE_OK && status != MOMBRIDGE_BUSY;
    }
    snprintf(text, sizeof text, "%d taken, %d busy, %d other", taken, busy, other);
  } else if (message->body.size == 4) {
    snprintf(text, sizeof text, "%d", send(host, "shop", (mombridge_slice){NULL, 10}));
  } else {
    snprintf(text, sizeof text, "%d", send(host, "nobody", message->body));
  }
  plain_complete(self, id, MOMBRIDGE_OK, text);
  return MOMBRIDGE_OK;
}

PLAIN_HANDLER("bad_publishes", .handle = handle);
