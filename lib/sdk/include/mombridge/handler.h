/* The ABI between mombridge and a handler plugin: a .so that exports one function, mombridge_handler_entry().
 * C11 and C++20. C++ authors use handler.hpp, which is built on nothing but this file.
 *
 * Life of an instance (one per section under `handlers:`; several instances of one .so are legal, so keep no globals):
 *   entry -> create -> start -> handle* -> stop -> destroy
 *
 * Thread tags, one on every function:
 *   [lifecycle]    never two at a time for one instance, never beside handle() of that instance
 *   [worker]       any of the bridge's worker threads, several at a time unless MOMBRIDGE_HANDLER_SERIAL is set
 *   [thread-safe]  any thread, any number at a time; never waits for I/O
 *
 * Memory: every pointer is borrowed for the one call that passes it, unless its comment says otherwise. Neither side
 * frees what the other allocated. Whoever needs bytes for longer copies them.
 *
 * Versions: this is major version 1, and it is frozen. A bridge loads every plugin of its own major version, older or
 * newer in the minor one, and refuses any other. Within a major version no field, value, flag, signature or lifetime
 * changes; a minor version only appends fields to the structs that begin with struct_size, and adds flags and statuses.
 * Slices and headers stand in arrays and therefore never change. Whoever fills a struct sets struct_size to its sizeof
 * and all that it does not use to zero; whoever reads one accepts every size from that of 1.0 on, and looks with
 * MOMBRIDGE_HAS for fields that are newer than 1.0. No exception may cross in either direction. lib/sdk/README.md says
 * the same for other languages. */
#ifndef MOMBRIDGE_HANDLER_H
#define MOMBRIDGE_HANDLER_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define MOMBRIDGE_ABI_MAJOR 1u
#define MOMBRIDGE_ABI_MINOR 0u

/* What the bridge looks up with dlsym(). */
#define MOMBRIDGE_ENTRY_SYMBOL "mombridge_handler_entry"

/* Plugins are built with hidden visibility; this is the one thing they show. */
#define MOMBRIDGE_EXPORT __attribute__((visibility("default")))

/* Does the struct at `pointer`, filled by the other side, reach as far as `field`? */
#define MOMBRIDGE_HAS(type, pointer, field) \
  ((pointer)->struct_size >= offsetof(type, field) + sizeof(((const type*)0)->field))

#ifdef __cplusplus
extern "C" {
#endif

/* Results of calls in both directions. OK, RETRY and REJECT are also the verdicts on a message. A number that is not
 * in this list counts as RETRY where a verdict is asked for, and is counted as a breach of contract. */
typedef int32_t mombridge_status;
enum {
  MOMBRIDGE_OK = 0,
  MOMBRIDGE_RETRY = -1,     /* failed, may work later; the bridge waits, tries again and bounds the attempts */
  MOMBRIDGE_REJECT = -2,    /* will never work; to the dead letters at once */
  MOMBRIDGE_INVALID = -3,   /* an argument or a configuration value breaks the contract */
  MOMBRIDGE_NOT_FOUND = -4, /* no such key, broker or open request */
  MOMBRIDGE_BUSY = -5,      /* a bounded queue is full; nothing was taken */
  MOMBRIDGE_CLOSED = -6,    /* not started yet, or stopping */
  MOMBRIDGE_INTERNAL = -7   /* anything else */
};

/* Log severities. Text below the configured level is dropped cheaply. */
enum { MOMBRIDGE_LOG_DEBUG = 0, MOMBRIDGE_LOG_INFO = 1, MOMBRIDGE_LOG_WARN = 2, MOMBRIDGE_LOG_ERROR = 3 };

/* `size` bytes at `data`, not NUL-terminated. data == NULL (then size is 0) means absent, which differs from empty
 * where a comment says so. Text is UTF-8; bodies, keys, header values and correlation ids are any bytes. Frozen. */
typedef struct mombridge_slice {
  const void* data;
  size_t size;
} mombridge_slice;

/* One header. Names may repeat; order is kept. A value that AMQP carries as an integer, boolean, timestamp, table or
 * array appears as text, and the header `mombridge-types` says which (`i32:count;bool:paid;[i32,str]:list`; tables and
 * arrays are JSON), so that copying all headers loses no type. An entry whose header is gone, or no longer reads as
 * that type, is ignored: then the value is text. In what a handler sends, names that only brokers and bridges write
 * (`x-death`, `kafka_replyTopic`, `mombridge-dead-reason`, ...) are left out and counted. Frozen. */
typedef struct mombridge_header {
  mombridge_slice name;
  mombridge_slice value;
} mombridge_header;

/* Names one handle() call. Never 0, never used twice in a process: an answer that comes too late hits nothing. */
typedef uint64_t mombridge_request_id;

/* MOMBRIDGE_MESSAGE_REDELIVERED: the broker says that this message may have been delivered before. */
#define MOMBRIDGE_MESSAGE_REDELIVERED 1u

/* A message, in three roles: received by handle(), sent with publish(), returned as a reply. Borrowed for the call in
 * each of them, together with everything it points to.
 * In a reply, what is marked (r) is ignored: the bridge knows where it goes and keeps the request's correlation id.
 * What is marked (in) is ignored in anything a handler sends. */
typedef struct mombridge_message {
  size_t struct_size;
  mombridge_slice target; /* (r) AMQP routing key or Kafka topic; must not be empty in publish() */
  mombridge_slice body;   /* absent and empty are the same; a Kafka tombstone has the header `mombridge-tombstone` */
  mombridge_slice key;    /* Kafka record key; absent and empty differ */
  mombridge_slice content_type;
  mombridge_slice content_encoding;
  mombridge_slice correlation_id; /* (r) bytes as the sender wrote them */
  mombridge_slice reply_to;       /* (r) absent: nobody waits for an answer, a reply goes to the route's reply_to */
  mombridge_slice message_id;     /* the key for recognising duplicates; messages may come more than once */
  mombridge_slice type;
  mombridge_slice source;          /* (in) name of the broker section it came from */
  const mombridge_header* headers; /* header_count of them; NULL if there are none */
  size_t header_count;
  int64_t timestamp_ms; /* unix time in milliseconds; 0: none. What a handler sends is sent on in whole seconds, as
                         * AMQP's property or Kafka's header `timestamp` */
  int64_t deadline_ms;  /* unix time in milliseconds after which the answer is of no use; 0: none */
  uint32_t attempt;     /* (in) 1 for the first try, 2 for the first retry, ... */
  uint32_t flags;       /* (in) MOMBRIDGE_MESSAGE_* */
} mombridge_message;

/* The end of one request. */
typedef struct mombridge_result {
  size_t struct_size;
  mombridge_status status;        /* the verdict: MOMBRIDGE_OK, MOMBRIDGE_RETRY or MOMBRIDGE_REJECT */
  mombridge_slice error;          /* why, for logs and dead letters; ignored with OK, may be absent */
  const mombridge_message* reply; /* NULL: none; ignored unless the verdict is OK */
} mombridge_result;

/* How a publish ended. [thread-safe] Runs exactly once for each publish() that returned OK, always before destroy(), on
 * a thread that runs nothing but this instance's callbacks, possibly before publish() returns. One that blocks delays
 * the instance's other callbacks and nothing else; a bridge that stops leaves it behind. `status`: OK the broker
 * confirmed; RETRY it failed and may work later; REJECT it was refused for good; CLOSED the bridge stopped first, the
 * message may or may not have arrived. `error` is borrowed. */
typedef void (*mombridge_publish_done)(void* user, mombridge_status status, mombridge_slice error);

/* What the bridge offers to one instance. Borrowed from create() until destroy() has returned. No field is NULL. */
typedef struct mombridge_host {
  size_t struct_size;
  void* ctx;            /* first argument of every function below */
  mombridge_slice name; /* of the section under `handlers:`; lives as long as this table */

  /* [thread-safe] One line of log, copied; the bridge adds the handler's name. `severity`: MOMBRIDGE_LOG_*. */
  void (*log)(void* ctx, int32_t severity, mombridge_slice text);

  /* [thread-safe] A scalar of the instance's own `config:`, as text. `path` is dotted, list elements are numbered from
   * 0: "db.path", "hosts.0". OK: *out is set (present, if maybe empty) and stays valid until destroy() returns.
   * NOT_FOUND: no such key, or a map or list; *out is untouched. Read what you need in create(), so that
   * `mombridge check` finds what is wrong. */
  mombridge_status (*config_get)(void* ctx, mombridge_slice path, mombridge_slice* out);

  /* [thread-safe] Ends request `id`; legal inside handle() and from any thread later, until destroy() returns. Copies
   * what it needs. OK: taken. NOT_FOUND: `id` is not open (never was, ended before, timed out, or given back by
   * stop()); nothing happens but a count. INVALID: `result` is NULL, too small or has an undefined status; the request
   * is ended as RETRY. So whatever it returns, `id` is spent. */
  mombridge_status (*complete)(void* ctx, mombridge_request_id id, const mombridge_result* result);

  /* [thread-safe] Sends `message` to the broker section `broker`, between the begin of start() and the end of stop().
   * Copies what it needs. `done` may be NULL: failures are then only logged and counted. Not tied to any request: to
   * lose nothing, complete the request in `done`.
   * OK: `done` will run. Else it never runs: NOT_FOUND unknown broker, INVALID no target or malformed message, BUSY
   * too many unconfirmed publishes of this handler, or too large ones (refuse or retry the request), CLOSED outside
   * start..stop. */
  mombridge_status (*publish)(void* ctx, mombridge_slice broker, const mombridge_message* message,
                              mombridge_publish_done done, void* user);

  /* [thread-safe] Adds `by` to the handler's counter `counter`, shown with the bridge's metrics. Names are lower-case
   * letters, digits and underscores, from a fixed set: never make one from a message. */
  void (*count)(void* ctx, mombridge_slice counter, uint64_t by);
} mombridge_host;

/* handle() is never called on two threads at once for one instance, whatever `concurrency:` says. */
#define MOMBRIDGE_HANDLER_SERIAL 1u

/* What a plugin offers. Lives as long as the process: a static const. `self` is whatever create() stored.
 * `err` is a buffer of err_size bytes (at least 256) that the caller owns: on failure write a NUL-terminated text. */
typedef struct mombridge_handler {
  size_t struct_size;
  uint32_t abi_major; /* MOMBRIDGE_ABI_MAJOR, MOMBRIDGE_ABI_MINOR as compiled */
  uint32_t abi_minor;
  uint32_t flags;      /* MOMBRIDGE_HANDLER_*; a plugin with a flag that the bridge does not know is refused */
  uint32_t reserved;   /* 0 */
  const char* name;    /* of the plugin; NUL-terminated UTF-8, not NULL */
  const char* version; /* of the plugin; the same */

  /* [lifecycle] Reads the configuration and allocates; no threads, no I/O: `mombridge check` calls it too, and then
   * only destroy(). OK: *self is set (NULL is legal). Else: the instance does not exist, nothing more is called. */
  mombridge_status (*create)(const mombridge_host* host, void** self, char* err, size_t err_size);

  /* [lifecycle] Optional. Opens files, starts threads. Not OK: only destroy() follows. In a worker process a new instance
   * is then started after a while and messages wait; in the bridge's own process the bridge does not run. */
  mombridge_status (*start)(void* self, char* err, size_t err_size);

  /* [worker] Takes one message. OK: host->complete(id) is called exactly once, by whatever thread, maybe before this
   * returns. Else: the return value is the verdict, and complete() is not called for `id`; if it was nevertheless, the
   * completion counts. A message past its deadline is not waited for: its id is no longer open. */
  mombridge_status (*handle)(void* self, const mombridge_message* message, mombridge_request_id id);

  /* [lifecycle] Optional; only after a start() that succeeded. No handle() is running and none will come. On return
   * the plugin's own threads are joined. Requests that are still open then are given back as RETRY. */
  void (*stop)(void* self);

  /* [lifecycle] Last; frees `self`. */
  void (*destroy)(void* self);
} mombridge_handler;

/* The sizes of version 1.0: a struct that the other side filled must reach at least this far. */
#define MOMBRIDGE_MESSAGE_SIZE_1_0 (offsetof(mombridge_message, flags) + sizeof(uint32_t))
#define MOMBRIDGE_RESULT_SIZE_1_0 (offsetof(mombridge_result, reply) + sizeof(void*))
#define MOMBRIDGE_HOST_SIZE_1_0 (offsetof(mombridge_host, count) + sizeof(void (*)(void)))
#define MOMBRIDGE_HANDLER_SIZE_1_0 (offsetof(mombridge_handler, destroy) + sizeof(void (*)(void)))

/* [lifecycle] The one symbol that a plugin exports. Takes the bridge's version, returns the plugin's table, or NULL if
 * the plugin cannot work with this bridge. Called once per load, before anything else; has no side effects. */
MOMBRIDGE_EXPORT const mombridge_handler* mombridge_handler_entry(uint32_t host_major, uint32_t host_minor);

/* [thread-safe] The slice of a NUL-terminated text, without the NUL; borrows it. NULL gives an absent slice. */
static inline mombridge_slice mombridge_text(const char* text) {
  mombridge_slice slice;
  slice.data = text;
  slice.size = text ? strlen(text) : 0;
  return slice;
}

#ifdef __cplusplus
}
#endif
#endif
