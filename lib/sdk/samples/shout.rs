//! Answers in upper case: a handler in Rust, without crates.
//!   rustc --edition 2021 -O --crate-type cdylib -o shout.so shout.rs
//!   handlers: {shout: {plugin: shout.so, config: {mark: "!"}}}
//! The structs are those of handler.h, field by field; what each field and function means stands there. Keep them in a
//! module of their own where there is more than one handler.
use std::ffi::c_void;
use std::os::raw::c_char;
use std::panic::{catch_unwind, AssertUnwindSafe};

// The ABI, version 1.0.

type Status = i32;
const OK: Status = 0;
const RETRY: Status = -1;
const REJECT: Status = -2;
const INTERNAL: Status = -7;
const LOG_ERROR: i32 = 3;

#[repr(C)]
#[derive(Clone, Copy)]
struct Slice {
    data: *const c_void,
    size: usize,
}

const ABSENT: Slice = Slice { data: std::ptr::null(), size: 0 };

impl Slice {
    fn of(bytes: &[u8]) -> Slice {
        Slice { data: bytes.as_ptr() as *const c_void, size: bytes.len() }
    }
    /// Absent becomes empty. The bytes are borrowed for the call that passed the slice.
    unsafe fn bytes<'a>(self) -> &'a [u8] {
        if self.data.is_null() {
            return &[];
        }
        std::slice::from_raw_parts(self.data as *const u8, self.size)
    }
}

#[repr(C)]
struct Header {
    name: Slice,
    value: Slice,
}

#[repr(C)]
struct Message {
    struct_size: usize,
    target: Slice,
    body: Slice,
    key: Slice,
    content_type: Slice,
    content_encoding: Slice,
    correlation_id: Slice,
    reply_to: Slice,
    message_id: Slice,
    kind: Slice,
    source: Slice,
    headers: *const Header,
    header_count: usize,
    timestamp_ms: i64,
    deadline_ms: i64,
    attempt: u32,
    flags: u32,
}

#[repr(C)]
struct Outcome {
    struct_size: usize,
    status: Status,
    error: Slice,
    reply: *const Message,
}

type PublishDone = Option<unsafe extern "C" fn(user: *mut c_void, status: Status, error: Slice)>;

#[repr(C)]
struct Host {
    struct_size: usize,
    ctx: *mut c_void,
    name: Slice,
    log: unsafe extern "C" fn(ctx: *mut c_void, severity: i32, text: Slice),
    config_get: unsafe extern "C" fn(ctx: *mut c_void, path: Slice, out: *mut Slice) -> Status,
    complete: unsafe extern "C" fn(ctx: *mut c_void, id: u64, outcome: *const Outcome) -> Status,
    publish: unsafe extern "C" fn(*mut c_void, broker: Slice, *const Message, PublishDone, user: *mut c_void) -> Status,
    count: unsafe extern "C" fn(ctx: *mut c_void, counter: Slice, by: u64),
}

#[repr(C)]
struct Table {
    struct_size: usize,
    abi_major: u32,
    abi_minor: u32,
    flags: u32,
    reserved: u32,
    name: *const c_char,
    version: *const c_char,
    create: unsafe extern "C" fn(*const Host, instance: *mut *mut c_void, err: *mut c_char, err_size: usize) -> Status,
    start: Option<unsafe extern "C" fn(instance: *mut c_void, err: *mut c_char, err_size: usize) -> Status>,
    handle: unsafe extern "C" fn(instance: *mut c_void, message: *const Message, id: u64) -> Status,
    stop: Option<unsafe extern "C" fn(instance: *mut c_void)>,
    destroy: unsafe extern "C" fn(instance: *mut c_void),
}
// The table is never changed, and its texts are constants.
unsafe impl Sync for Table {}

// The handler.

struct Shout {
    host: *const Host, // valid until destroy() has returned
    mark: Vec<u8>,
}

impl Shout {
    /// Reads the configuration, and starts nothing: `mombridge check` calls this, too.
    fn new(host: &Host) -> Result<Shout, String> {
        let mut mark = ABSENT;
        let found = unsafe { (host.config_get)(host.ctx, Slice::of(b"mark"), &mut mark) };
        let mark = if found == OK { unsafe { mark.bytes() }.to_vec() } else { b"!".to_vec() };
        if mark.len() > 8 {
            return Err(format!("config.mark: expected at most 8 bytes, found {}", mark.len()));
        }
        Ok(Shout { host, mark })
    }

    /// The answer, or why the message can never be answered.
    fn answer(&self, body: &[u8]) -> Result<Vec<u8>, String> {
        let text = std::str::from_utf8(body).map_err(|why| format!("the body is no UTF-8: {}", why))?;
        if text.is_empty() {
            return Err("there is nothing to say louder".to_string());
        }
        if text == "panic" {
            panic!("asked to panic");
        }
        Ok([text.to_uppercase().as_bytes(), &self.mark].concat())
    }
}

// Between the two. No panic may leave a function that the bridge calls, so each of them catches.

unsafe fn write_error(err: *mut c_char, size: usize, text: &str) {
    if err.is_null() || size == 0 {
        return;
    }
    let length = text.len().min(size - 1);
    std::ptr::copy_nonoverlapping(text.as_ptr(), err as *mut u8, length);
    *err.add(length) = 0;
}

unsafe extern "C" fn create(host: *const Host, instance: *mut *mut c_void, err: *mut c_char, size: usize) -> Status {
    match catch_unwind(|| Shout::new(&*host)) {
        Ok(Ok(shout)) => {
            *instance = Box::into_raw(Box::new(shout)) as *mut c_void;
            OK
        }
        Ok(Err(why)) => {
            write_error(err, size, &why);
            INTERNAL
        }
        Err(_) => {
            write_error(err, size, "panicked while it read its configuration");
            INTERNAL
        }
    }
}

/// Completes the request, or returns the verdict. One of the two, and once.
unsafe extern "C" fn handle(instance: *mut c_void, message: *const Message, id: u64) -> Status {
    let shout = &*(instance as *const Shout);
    let host = &*shout.host;
    match catch_unwind(AssertUnwindSafe(|| shout.answer((*message).body.bytes()))) {
        Ok(Ok(body)) => {
            let reply = Message {
                struct_size: std::mem::size_of::<Message>(),
                body: Slice::of(&body),
                ..std::mem::zeroed()
            };
            finish(host, id, OK, ABSENT, &reply);
        }
        Ok(Err(why)) => finish(host, id, REJECT, Slice::of(why.as_bytes()), std::ptr::null()),
        Err(_) => {
            (host.log)(host.ctx, LOG_ERROR, Slice::of(b"panicked while it handled a message"));
            return RETRY;
        }
    }
    OK
}

unsafe fn finish(host: &Host, id: u64, status: Status, error: Slice, reply: *const Message) {
    let outcome = Outcome { struct_size: std::mem::size_of::<Outcome>(), status, error, reply };
    (host.complete)(host.ctx, id, &outcome); // whatever it says, the request is over
}

unsafe extern "C" fn destroy(instance: *mut c_void) {
    let _ = catch_unwind(|| drop(Box::from_raw(instance as *mut Shout)));
}

static TABLE: Table = Table {
    struct_size: std::mem::size_of::<Table>(),
    abi_major: 1,
    abi_minor: 0,
    flags: 0,
    reserved: 0,
    name: b"shout\0".as_ptr() as *const c_char,
    version: b"1.0\0".as_ptr() as *const c_char,
    create,
    start: None,
    handle,
    stop: None,
    destroy,
};

#[no_mangle]
extern "C" fn mombridge_handler_entry(host_major: u32, _host_minor: u32) -> *const Table {
    if host_major == 1 { &TABLE } else { std::ptr::null() }
}
