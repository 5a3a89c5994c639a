//! The limits of what this library accepts and returns. docs/limits.md lists all of them, and what
//! happens beyond each.

/// The size of a hook file, and of a hook or its conditions as JSON, in bytes: 16 MiB.
pub const HOOK_FILE: usize = 16 << 20;

/// The size of a container's config, and of a list of hooks as JSON, in bytes: 64 MiB.
pub const CONFIG: usize = 64 << 20;

/// How deep arrays and objects are nested, in any JSON. It is the limit of Go's reader.
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

/// The number of entries that are injected into a container, at extension stages too. A hook is an
/// entry for each stage that its file lists.
pub const ENTRIES: usize = 100_000;

/// The size of these entries as JSON, in bytes: 64 MiB.
pub const INJECTION: usize = 64 << 20;

/// How much of each stream of a hook is kept by default, in bytes: the last 10 MiB.
pub const CAPTURE_LIMIT: usize = 10 << 20;

/// How many problems of one kind are told of a file: enough to mend it with. One of 16 MiB may have
/// millions.
pub(crate) const ENOUGH: usize = 100;
