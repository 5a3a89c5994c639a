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

/// The number of bytes at the start of a program that are read at once.
pub(crate) const PROGRAM_START: usize = 4 << 10;

/// The size of the program headers of an ELF file, in bytes. The kernel has the same limit.
pub(crate) const PROGRAM_HEADERS: usize = 64 << 10;

/// The size of the dynamic section of an ELF file, in bytes.
pub(crate) const DYNAMIC_SECTION: usize = 64 << 10;

/// The length of a name or search path in an ELF file, with the NUL at its end, in bytes.
pub(crate) const NAME_IN_PROGRAM: usize = 4 << 10;

/// The number of scripts that are each other's interpreters. The kernel has the same limit.
pub(crate) const INTERPRETERS: usize = 5;

/// The number of libraries of a program that are read.
pub(crate) const LIBRARIES: usize = 256;

/// The number of names of libraries in a program and its libraries together, and the length of such
/// a name, with the NUL at its end, in bytes. The name of a file is not longer.
pub(crate) const LIBRARY_NAMES: usize = 4096;
/// See [`LIBRARY_NAMES`].
pub(crate) const LIBRARY_NAME: usize = 256;

/// The number of paths at which the libraries of a program are looked for.
pub(crate) const LIBRARY_PATHS: usize = 10_000;

/// The number of missing libraries that are reported for a program.
pub(crate) const MISSING_LIBRARIES: usize = 3;

/// The number of missing libraries of a program that are looked for in the loader's cache.
pub(crate) const LIBRARIES_IN_CACHE: usize = 32;

/// The size of the loader's cache (`/etc/ld.so.cache`), in bytes.
pub(crate) const LOADER_CACHE: usize = 16 << 20;

/// The size of a file of the loader's configuration (`/etc/ld.so.conf`), in bytes, and the number
/// of these files.
pub(crate) const LOADER_CONFIGURATION: usize = 64 << 10;
/// See [`LOADER_CONFIGURATION`].
pub(crate) const LOADER_CONFIGURATIONS: usize = 256;

/// The number of registered formats of programs (binfmt_misc) that are compared with a program.
pub(crate) const REGISTERED: usize = 1000;

/// The size of the description of a registered format, in bytes.
pub(crate) const REGISTERED_ENTRY: usize = 8 << 10;
