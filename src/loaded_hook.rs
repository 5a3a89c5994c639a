//! A hook that was loaded from a file: ready to be asked about containers, and able to say all that
//! its file says.
//!
//! Of a thousand hooks that an engine loads for one container, few match and none is talked about.
//! So a hook keeps what conditions need, and its file's text; what else there is to know of it is
//! made from that when somebody asks.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use once_cell::race::OnceBox;

use crate::entries::name_of;
use crate::go::quote;
use crate::hook::{Decoded, Hook, OciHook, Target, Wanted, decode_again};
use crate::lint;
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
    /// The file when it was read.
    file: Status,
    pub executable: Arc<Executable>,
    injected: OnceBox<Injected>,
    warnings: OnceBox<Vec<Diagnostic>>,
    /// Who can write its files was looked at, and is not one of its own warnings.
    inspected: bool,
}

/// What a hook is made from.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Source {
    /// The file's text.
    pub text: Vec<u8>,
    /// What the caller's reader has made of it.
    pub by_reader: Option<Box<Hook>>,
}

/// What is injected, and where.
#[derive(Debug)]
pub(crate) struct Injected {
    /// The entry, as JSON.
    pub entry: String,
    pub targets: Vec<Target>,
    oci_hook: OnceBox<OciHook>,
}

impl LoadedHook {
    /// A valid hook of this file.
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

    /// The file's name, by which files of later directories mask it.
    pub fn name(&self) -> &OsStr {
        name_of(&self.path)
    }

    /// The file's text.
    pub fn text(&self) -> &[u8] {
        &self.source.text
    }

    /// The hook.
    pub fn hook(&self) -> Hook {
        self.decoded(Wanted::Hook).hook.into()
    }

    /// What is injected, and where. It is made when the hook first matches.
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

    /// The entry that is injected, for those who want more of it than JSON.
    pub fn oci_hook(&self) -> &OciHook {
        self.injected().oci_hook.get_or_init(|| Box::new(self.hook().hook))
    }

    /// What there is to say of it, though it is valid.
    pub fn warnings(&self) -> &[Diagnostic] {
        self.warnings.get_or_init(|| {
            let text = &self.source.text;
            let executable = Some(&self.executable.status);
            let stages = &self.extension_stages;
            Box::new(lint::hook(
                &self.path,
                text,
                &self.decoded(Wanted::Notes),
                &self.file,
                executable,
                stages,
                self.inspected,
            ))
        })
    }

    /// Whether the two are the same hook, whatever their files look like.
    pub fn is_same_hook(&self, other: &LoadedHook) -> bool {
        self.source == other.source || self.hook() == other.hook()
    }

    /// Whether there is nothing that is said of the one and not of the other.
    pub fn is_as(&self, other: &LoadedHook) -> bool {
        let rights = |status: &Status| (status.mode, status.uid, status.gid);
        self.source == other.source
            && self.path == other.path
            && rights(&self.file) == rights(&other.file)
            && rights(&self.executable.status) == rights(&other.executable.status)
    }

    /// Whether this is what the file and the executable were when it was loaded.
    pub fn is_from(&self, file: &Status, executable: &Status) -> bool {
        [file, executable].map(FileStamp::of)
            == [&self.file, &self.executable.status].map(FileStamp::of)
    }

    /// What a failed evaluation of this hook's conditions is to the caller.
    pub fn matching_error(&self, error: Error) -> Error {
        error
            .context(format_args!("matching hook {}", quote(self.name().as_bytes())))
            .with_hook(text_of(self.name()))
            .with_path(&*self.path)
    }

    /// What its file says.
    pub fn decoded(&self, wanted: Wanted) -> Decoded<'_> {
        match &self.source.by_reader {
            Some(hook) => Decoded { hook: Hook::clone(hook).into(), ..Decoded::default() },
            None => decode_again(&self.source.text, wanted),
        }
    }
}
