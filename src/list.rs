//! The list of hooks in the order of injection, with their files and the hooks that they mask
//! (docs/spec.md, section 8).

use std::path::{Path, PathBuf};

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::hook::Target;
use crate::hook::{Hook, Stage};
use crate::loaded_hook::LoadedHook;
use crate::problem::{serialize_path, text_of};
use crate::snapshot::{Masked, Snapshot};

/// A hook that a file of a later directory masks.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct MaskedHook {
    /// Its file.
    pub path: PathBuf,
    /// The file that masks it.
    pub by: PathBuf,
}

/// The hooks in the order of injection, and the hooks that are masked.
#[derive(Debug, Clone, serde::Serialize)]
#[non_exhaustive]
pub struct Listing {
    /// The generation number of the snapshot.
    pub generation: u64,
    /// The hooks, in the order of injection.
    pub hooks: Vec<ListedHook>,
    /// The hooks that files of later directories mask.
    pub masked: Vec<MaskedHook>,
}

/// A hook, with its file.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ListedHook {
    /// The name of its file.
    pub name: String,
    /// Its file.
    pub path: PathBuf,
    /// The files of earlier directories that it masks.
    pub masks: Vec<PathBuf>,
    /// The hook itself.
    pub hook: Hook,
    /// The members of `config.hooks` that it is added to, in the order of its stages. A stage
    /// listed twice appears twice.
    pub injected: Vec<Stage>,
    /// Its extension stages, at which the caller runs it.
    pub extension_stages: Vec<String>,
}

impl Snapshot {
    /// Returns the hooks in the order of injection, and the hooks that are masked.
    pub fn list(&self) -> Listing {
        // Both `hooks` and `masked` are in the order of injection.
        let mut masked = self.masked.iter().peekable();
        let mut masks = |loaded: &LoadedHook| {
            let next = || masked.next_if(|masked| masked.by == loaded.path);
            std::iter::from_fn(next).map(|masked| masked.loaded.path.to_path_buf()).collect()
        };
        Listing {
            generation: self.generation(),
            hooks: self.hooks.iter().map(|loaded| ListedHook::new(loaded, masks(loaded))).collect(),
            masked: self.masked.iter().map(MaskedHook::from).collect(),
        }
    }

    /// Returns the hook at this index of [`Listing::hooks`].
    pub fn hook(&self, index: usize) -> Option<ListedHook> {
        let loaded = self.hooks.get(index)?;
        let masked = self.masked.iter().filter(|masked| masked.by == loaded.path);
        Some(ListedHook::new(
            loaded,
            masked.map(|masked| masked.loaded.path.to_path_buf()).collect(),
        ))
    }
}

impl ListedHook {
    fn new(loaded: &LoadedHook, masks: Vec<PathBuf>) -> ListedHook {
        let (mut injected, mut extension_stages) = (Vec::new(), Vec::new());
        for target in &loaded.injected().targets {
            match target {
                Target::Stage(stage) => injected.push(*stage),
                Target::Extension(stage) => extension_stages.push(stage.clone()),
            }
        }
        ListedHook {
            name: text_of(loaded.name()),
            path: loaded.path.to_path_buf(),
            masks,
            hook: loaded.hook(),
            injected,
            extension_stages,
        }
    }

    /// Returns the entry as JSON, as in [`Listing::to_json`].
    pub fn to_json(&self) -> String {
        crate::go::json::to_string(self)
    }
}

impl Listing {
    /// Returns the list as JSON: `generation`, `hooks` (`name`, `path`, `masks`, `hook`,
    /// `injected`, `extensionStages`) and `masked` (`path`, `by`).
    pub fn to_json(&self) -> String {
        crate::go::json::to_string(self)
    }
}

impl From<&Masked> for MaskedHook {
    fn from(masked: &Masked) -> MaskedHook {
        MaskedHook { path: masked.loaded.path.to_path_buf(), by: masked.by.to_path_buf() }
    }
}

impl Serialize for MaskedHook {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        serialize_path(&mut map, "path", &self.path)?;
        serialize_path(&mut map, "by", &self.by)?;
        map.end()
    }
}

impl Serialize for ListedHook {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", &self.name)?;
        serialize_path(&mut map, "path", &self.path)?;
        let masks: Vec<PathJson<'_>> = self.masks.iter().map(|path| PathJson(path)).collect();
        map.serialize_entry("masks", &masks)?;
        map.serialize_entry("hook", &self.hook)?;
        let injected: Vec<&str> = self.injected.iter().map(|stage| stage.as_str()).collect();
        map.serialize_entry("injected", &injected)?;
        map.serialize_entry("extensionStages", &self.extension_stages)?;
        map.end()
    }
}

/// A path in an array of paths.
struct PathJson<'a>(&'a Path);

impl Serialize for PathJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        serialize_path(&mut map, "path", self.0)?;
        map.end()
    }
}
