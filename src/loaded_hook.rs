//! A hook that was loaded from a file: ready to be matched against containers, and able to return
//! everything in its file.
//!
//! An engine may load a thousand hooks for one container; few match, and usually no diagnostics are
//! requested. So a hook keeps its compiled conditions and the content of its file. Everything else
//! is computed from the content when it is requested.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use once_cell::race::OnceBox;

use crate::entries::name_of;
use crate::go::quote;
use crate::hook::{Decoded, Hook, OciHook, Target, Wanted, decode_again};
use crate::lint::{self, HookFacts};
use crate::prefilter::RequiredBigrams;
use crate::problem::{Diagnostic, Error, text_of};
use crate::sys::{FileStamp, Status};
use crate::validate::Executable;
use crate::when::Conditions;

/// A hook that was loaded from a file.
#[derive(Debug)]
pub(crate) struct LoadedHook {
    pub path: Arc<Path>,
    source: Source,
    pub conditions: Conditions,
    pub required: RequiredBigrams,
    extension_stages: Arc<[String]>,
    /// The status of the file when it was read.
    file: Status,
    pub executable: Arc<Executable>,
    injected: OnceBox<Injected>,
    warnings: OnceBox<Vec<Diagnostic>>,
    /// Whether diagnostics about who can write its files were made elsewhere. They are not among
    /// its own warnings then.
    inspected: bool,
}

/// The source of a hook.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Source {
    /// The content of the file.
    pub text: Vec<u8>,
    /// The hook that the caller's reader returned for it.
    pub by_reader: Option<Box<Hook>>,
}

/// The entry that is injected, and its targets.
#[derive(Debug)]
pub(crate) struct Injected {
    /// The entry, as JSON.
    pub entry: String,
    pub targets: Vec<Target>,
    oci_hook: OnceBox<OciHook>,
}

impl LoadedHook {
    /// Makes a valid hook of this file.
    pub fn new(
        path: Arc<Path>,
        file: Status,
        source: Source,
        (conditions, executable): (Conditions, Arc<Executable>),
        extension_stages: Arc<[String]>,
        inspected: bool,
    ) -> LoadedHook {
        LoadedHook {
            path,
            source,
            required: RequiredBigrams::new(&conditions),
            conditions,
            extension_stages,
            file,
            executable,
            injected: OnceBox::new(),
            warnings: OnceBox::new(),
            inspected,
        }
    }

    /// Returns the name of the file. A file of the same name in a later directory masks it.
    pub fn name(&self) -> &OsStr {
        name_of(&self.path)
    }

    /// Returns the content of the file.
    pub fn text(&self) -> &[u8] {
        &self.source.text
    }

    /// Returns the hook.
    pub fn hook(&self) -> Hook {
        self.decoded(Wanted::Hook).hook.into()
    }

    /// Returns the entry that is injected, and its targets. They are computed when the hook first
    /// matches.
    pub fn injected(&self) -> &Injected {
        self.injected.get_or_init(|| {
            let hook = self.decoded(Wanted::Hook).hook;
            let stages = hook.stages.iter().flatten();
            Box::new(Injected {
                entry: hook.entry.to_json(),
                targets: stages
                    .filter_map(|stage| Target::of(stage, &self.extension_stages))
                    .collect(),
                oci_hook: OnceBox::new(),
            })
        })
    }

    /// Returns the entry that is injected, for callers that need its fields.
    pub fn oci_hook(&self) -> &OciHook {
        self.injected().oci_hook.get_or_init(|| Box::new(self.hook().hook))
    }

    /// Returns the warnings about this valid hook.
    pub fn warnings(&self) -> &[Diagnostic] {
        self.warnings.get_or_init(|| {
            Box::new(lint::hook(&HookFacts {
                path: &self.path,
                text: &self.source.text,
                file: &self.decoded(Wanted::Notes),
                is_valid: true,
                status: &self.file,
                executable: Some(&self.executable.status),
                extension_stages: &self.extension_stages,
                inspected: self.inspected,
            }))
        })
    }

    /// Returns whether both are the same hook, even if their files look different.
    pub fn is_same_hook(&self, other: &LoadedHook) -> bool {
        self.source == other.source || self.hook() == other.hook()
    }

    /// Returns whether both have the same hook and the same warnings.
    pub fn is_as(&self, other: &LoadedHook) -> bool {
        let rights = |status: &Status| (status.mode, status.uid, status.gid);
        self.source == other.source
            && self.path == other.path
            && rights(&self.file) == rights(&other.file)
            && rights(&self.executable.status) == rights(&other.executable.status)
    }

    /// Returns whether the file and the executable are unchanged since the hook was loaded.
    pub fn is_from(&self, file: &Status, executable: &Status) -> bool {
        [file, executable].map(FileStamp::of)
            == [&self.file, &self.executable.status].map(FileStamp::of)
    }

    /// Adds the name and path of this hook to an error of evaluating its conditions.
    pub fn matching_error(&self, error: Error) -> Error {
        error
            .context(format_args!("matching hook {}", quote(self.name().as_bytes())))
            .with_hook(text_of(self.name()))
            .with_path(&*self.path)
    }

    /// Decodes the file again.
    pub fn decoded(&self, wanted: Wanted) -> Decoded<'_> {
        match &self.source.by_reader {
            Some(hook) => Decoded { hook: Hook::clone(hook).into(), ..Decoded::default() },
            None => decode_again(&self.source.text, wanted),
        }
    }
}
