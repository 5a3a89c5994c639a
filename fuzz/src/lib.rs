//! The code that the fuzz targets share: a second JSON parser, a model of the conditions, a
//! mutator, and planted faults.

pub mod container;
#[path = "../../tests/support/engine.rs"]
pub mod engine;
pub mod json;
pub mod model;
pub mod mutate;
pub mod scratch;

use std::sync::OnceLock;
use std::time::Duration;

pub use container::Container;

/// The extension stages of the targets' managers.
pub const EXTENSION_STAGES: [&str; 2] = ["precreate", "poststop"];

/// Returns whether the fault of this name is planted (`LIBHOOKS_PLANTED_FAULT`). The target then
/// changes the library's result as a bug in the library would, and its checks must find that.
pub fn planted(fault: &str) -> bool {
    planted_fault() == Some(fault)
}

/// Returns the name of the planted fault.
pub fn planted_fault() -> Option<&'static str> {
    static FAULT: OnceLock<Option<String>> = OnceLock::new();
    FAULT.get_or_init(|| std::env::var("LIBHOOKS_PLANTED_FAULT").ok()).as_deref()
}

/// The most processor time that one input may take.
const LONGEST: Duration = Duration::from_secs(1);

/// Runs a target on one input, and panics if that takes more than a second. Unlike libFuzzer's
/// `-timeout`, it counts the processor time of this thread only, so that a busy machine does not
/// look like a slow library.
pub fn timed<T>(run: impl FnOnce() -> T) -> T {
    let start = processor_time();
    let result = run();
    let took = processor_time() - start;
    assert!(took < LONGEST, "one input took {took:?}");
    result
}

fn processor_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is writable and outlives the call.
    let status = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    assert_eq!(status, 0);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Returns the fields of an input. They are separated by 0xff, which never occurs in UTF-8.
pub fn fields(input: &[u8]) -> impl Iterator<Item = &[u8]> {
    input.split(|byte| *byte == 0xff)
}
