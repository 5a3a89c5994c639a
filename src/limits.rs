//! The limits of the input that this library accepts, and of its results. docs/limits.md lists all
//! limits, and the behaviour beyond each.

/// The size of a hook file, and of a hook or its conditions as JSON, in bytes: 16 MiB.
pub const HOOK_FILE: usize = 16 << 20;

/// The size of a container's config, and of a list of hooks as JSON, in bytes: 64 MiB.
pub const CONFIG: usize = 64 << 20;

/// The depth of nested arrays and objects in any JSON. Go's JSON reader has the same limit.
pub const JSON_DEPTH: usize = 10_000;

/// The number of a container's annotations.
pub const ANNOTATIONS: usize = 10_000;

/// The size of a container's annotations, keys and values, together with `process.args[0]`, in
/// bytes: 2 MiB.
pub const CONTAINER: usize = 2 << 20;

/// The number of extension stages.
pub const EXTENSION_STAGES: usize = 64;

/// The length of an extension stage's name, in bytes.
pub const EXTENSION_STAGE: usize = 255;

/// The number of entries that are injected into a container, extension stages included. A hook has
/// an entry for each stage that its file lists.
pub const ENTRIES: usize = 100_000;

/// The size of these entries as JSON, in bytes: 64 MiB.
pub const INJECTION: usize = 64 << 20;

/// The number of bytes of each output stream of a hook that is kept by default: the last 10 MiB.
pub const CAPTURE_LIMIT: usize = 10 << 20;

/// The number of problems of one kind that are reported for a file. It is enough to fix the file. A
/// file of 16 MiB can have millions of problems.
pub(crate) const ENOUGH: usize = 100;

/// The number of bytes of a program's first line that the kernel reads (`BINPRM_BUF_SIZE`).
pub(crate) const SHEBANG: usize = 256;
