//! The libraries of a program, searched for as the dynamic loader of glibc does (ld.so(8)).
//!
//! The search errs on the side of finding: it does not say that a library is missing if the loader
//! may find it. It does not read the loader's cache as such: a library whose name is in it counts
//! as found.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::elf::{Dynamic, Elf, Source};
use super::fault::Fault;
use super::files::{Looked, contents, is_missing, look};
use super::machine::Machine;
use crate::limits::{
    LIBRARIES, LIBRARIES_IN_CACHE, LIBRARY_NAMES, LIBRARY_PATHS, LOADER_CACHE,
    LOADER_CONFIGURATION, LOADER_CONFIGURATIONS, MISSING_LIBRARIES, NAME_IN_PROGRAM,
};
use crate::sys::{MAX_LINKS, Root};

/// The directories that the loader searches last. Which ones depends on how it was built.
const DEFAULT: [&str; 8] =
    ["/lib64", "/usr/lib64", "/lib", "/usr/lib", "/lib32", "/usr/lib32", "/libx32", "/usr/libx32"];

/// Directories in which libraries are searched for.
type Directories = Rc<Vec<PathBuf>>;

/// The program, or a library.
struct Object {
    path: PathBuf,
    needed: Vec<OsString>,
    /// Where it is searched for libraries: RUNPATH, or RPATH.
    path_of_its_own: Directories,
    has_runpath: bool,
    /// The object that needs it; `None` for the program.
    parent: Option<usize>,
}

struct Search<'r> {
    root: &'r Root,
    machine: Machine,
    objects: Vec<Object>,
    sonames: Vec<OsString>,
    default: Directories,
    /// The directories of the loader's configuration, once they are needed.
    configured: Option<Directories>,
    /// The number of paths that may still be looked at.
    left: usize,
    /// The number of names of libraries that the objects may still have.
    names_left: usize,
    /// The number of directories, and of paths of libraries, that the objects may still have.
    directories_left: usize,
    /// Whether something could not be looked at, or depends on what is not known.
    is_unknown: bool,
}

/// Returns whether a loader is that of glibc. Others have its name on some systems: that of musl,
/// for programs that were built for glibc, and that of nix-ld. Only glibc's names itself so.
pub(super) fn is_of_glibc(path: &Path, loader: &Source) -> bool {
    let name = path.file_name().unwrap_or_default();
    let bytes = name.as_bytes();
    let has_name =
        bytes.starts_with(b"ld-linux") || bytes.starts_with(b"ld64.so") || bytes == b"ld.so.1";
    let soname = || dynamic_of(loader, &loader.elf().ok()?)?.soname;
    has_name && soname().is_some_and(|soname| soname == name)
}

/// Returns the libraries that are missing. The program has this loader, which is that of glibc.
pub(super) fn missing(
    root: &Root,
    path: &Path,
    loader: &Path,
    (machine, dynamic): (Machine, Dynamic),
) -> Vec<Fault> {
    let mut default = vec![loader.parent().unwrap_or(Path::new("/")).to_owned()];
    for directory in machine.multiarch() {
        default.extend(["/lib", "/usr/lib"].map(|lib| Path::new(lib).join(directory)));
    }
    default.extend(DEFAULT.map(PathBuf::from));
    let mut search = Search {
        root,
        machine,
        objects: Vec::new(),
        sonames: loader.file_name().map(ToOwned::to_owned).into_iter().collect(),
        default: Rc::new(default),
        configured: None,
        left: LIBRARY_PATHS,
        names_left: LIBRARY_NAMES,
        directories_left: LIBRARY_PATHS,
        is_unknown: false,
    };
    search.add(path, None, dynamic);
    let mut missing = search.all();
    if missing.is_empty() || search.is_unknown {
        return Vec::new();
    }
    let cache = match contents(root, Path::new("/etc/ld.so.cache"), LOADER_CACHE) {
        Ok(cache) => cache,
        Err(error) if is_missing(&error) => Vec::new(),
        Err(_) => return Vec::new(),
    };
    missing.retain(|(name, _)| !search.sonames.contains(name));
    missing.truncate(LIBRARIES_IN_CACHE);
    remove_cached(&cache, &mut missing);
    missing.truncate(MISSING_LIBRARIES);
    let fault = |(library, needed_by)| Fault::MissingLibrary { library, needed_by };
    missing.into_iter().map(fault).collect()
}

/// A library that is missing, and the library that needs it.
type Missing = (OsString, Option<PathBuf>);

/// Removes the libraries whose names are in the loader's cache, with a NUL after each. The loader
/// does not search the cache for a path.
fn remove_cached(cache: &[u8], missing: &mut Vec<Missing>) {
    for string in cache.split(|byte| *byte == 0) {
        if missing.is_empty() {
            return;
        }
        // (Other bytes may come before the first name.)
        missing.retain(|(name, _)| {
            !string.ends_with(name.as_bytes()) || name.as_bytes().contains(&b'/')
        });
    }
}

impl Search<'_> {
    /// Searches for the libraries of all objects. Returns the missing ones, with the library that
    /// needs each.
    fn all(&mut self) -> Vec<Missing> {
        let mut missing = Vec::new();
        let mut known = self.sonames.clone();
        let mut index = 0;
        while let Some(object) = self.objects.get_mut(index) {
            let by = object.parent.map(|_| object.path.clone());
            for name in std::mem::take(&mut object.needed) {
                if self.is_unknown || self.objects.len() > LIBRARIES {
                    return missing;
                }
                if known.contains(&name) {
                    continue;
                }
                known.push(name.clone());
                if !self.find(index, &name) {
                    missing.push((name, by.clone()));
                }
            }
            index += 1;
        }
        missing
    }

    /// Adds the program or a library at a path, and its search path.
    fn add(&mut self, path: &Path, parent: Option<usize>, dynamic: Dynamic) {
        match self.names_left.checked_sub(dynamic.needed.len()) {
            Some(left) => self.names_left = left,
            None => {
                self.is_unknown = true;
                return;
            }
        }
        let has_runpath = dynamic.runpath.is_some();
        let list = dynamic.runpath.or(dynamic.rpath);
        let mut own = Vec::new();
        if let Some(list) = list {
            let origins = self.origins(path, &list);
            for entry in list.as_bytes().split(|byte| *byte == b':') {
                self.expand(entry, &origins, &mut own);
            }
        }
        self.sonames.extend(dynamic.soname);
        self.objects.push(Object {
            path: path.to_owned(),
            needed: dynamic.needed,
            path_of_its_own: Rc::new(own),
            has_runpath,
            parent,
        });
    }

    /// Finds the library that an object needs, and adds it.
    fn find(&mut self, needed_by: usize, name: &OsStr) -> bool {
        if name.as_bytes().contains(&b'/') {
            let mut paths = Vec::new();
            let path = self.objects.get(needed_by).map(|object| object.path.clone());
            let origins = path.map(|path| self.origins(&path, name)).unwrap_or_default();
            self.expand(name.as_bytes(), &origins, &mut paths);
            return paths.iter().any(|path| self.take(path, needed_by));
        }
        let is_in = |search: &mut Search<'_>, directories: &[PathBuf]| {
            directories.iter().any(|directory| search.take(&directory.join(name), needed_by))
        };
        let mut all = self.own_directories(needed_by);
        all.push(Rc::clone(&self.default));
        if all.iter().any(|directories| is_in(self, directories)) {
            return true;
        }
        let configured = self.configured();
        if is_in(self, &configured) {
            return true;
        }
        all.push(configured);
        // Libraries for processors with more instructions are in directories below.
        for directory in all.iter().flat_map(|directories| directories.iter()) {
            let below = self.below(&directory.join("glibc-hwcaps"), &[b"", b""]);
            if is_in(self, &below) {
                return true;
            }
        }
        false
    }

    /// Counts a path that is looked at. Returns whether the search still makes sense.
    fn count(&mut self) -> bool {
        self.is_unknown |= self.left == 0;
        self.left = self.left.saturating_sub(1);
        !self.is_unknown
    }

    /// Returns the directories that the object, and those that need it, name.
    fn own_directories(&self, index: usize) -> Vec<Directories> {
        let mut directories = Vec::new();
        let mut next = Some(index);
        let mut is_first = true;
        while let Some(object) = next.and_then(|index| self.objects.get(index)) {
            if is_first || !object.has_runpath {
                directories.push(Rc::clone(&object.path_of_its_own));
            }
            // (RPATH is inherited, unless the object has RUNPATH.)
            next = object.parent.filter(|_| !(is_first && object.has_runpath));
            is_first = false;
        }
        directories
    }

    /// Adds the library at a path, if one is there that is for the same machine.
    fn take(&mut self, path: &Path, needed_by: usize) -> bool {
        if !self.count() {
            return false;
        }
        let source = match look(self.root, path) {
            Looked::File(source, _) => source,
            Looked::Missing | Looked::Other => return false,
            Looked::Unknown => {
                self.is_unknown = true;
                return false;
            }
        };
        let dynamic = match source.elf() {
            // (There can be many: nothing more of them is read.)
            Ok(elf) if elf.machine != self.machine => return false,
            Ok(elf) => dynamic_of(&source, &elf),
            Err(_) => Some(Dynamic::default()),
        };
        let Some(dynamic) = dynamic else {
            self.is_unknown = true;
            return false;
        };
        self.add(path, Some(needed_by), dynamic);
        true
    }

    /// Returns the directories of a file: that of the path, and those of the targets of symlinks.
    /// They matter if something that is expanded has a variable.
    fn origins(&self, path: &Path, expanded: &OsStr) -> Vec<PathBuf> {
        let mut path = path.to_owned();
        let mut origins = Vec::new();
        if !expanded.as_bytes().contains(&b'$') {
            return origins;
        }
        for _ in 0..MAX_LINKS {
            let Some(directory) = path.parent() else { break };
            origins.push(directory.to_owned());
            let Ok(target) = self.root.read_link(&path) else { break };
            path = directory.join(target);
        }
        origins
    }

    /// Adds the paths that an entry with `$ORIGIN`, `$LIB` or `$PLATFORM` stands for.
    fn expand(&mut self, entry: &[u8], origins: &[PathBuf], paths: &mut Vec<PathBuf>) {
        let mut left = vec![entry.to_vec()];
        let mut rounds = 0;
        while let Some(entry) = left.pop() {
            // (A directory of this name can have `$ORIGIN` in its own name.)
            rounds += 1;
            self.is_unknown |= rounds > LIBRARIES || entry.len() > NAME_IN_PROGRAM;
            self.is_unknown |= self.directories_left == 0;
            if self.is_unknown {
                return;
            }
            let Some(dollar) = entry.iter().position(|byte| *byte == b'$') else {
                let path = PathBuf::from(OsString::from_vec(entry));
                // The directory in which the program is started is not known.
                self.is_unknown |= !path.is_absolute();
                paths.push(path);
                self.directories_left -= 1;
                continue;
            };
            let (before, rest) = entry.split_at(dollar);
            let mut replace = |name: &str, values: &mut dyn Iterator<Item = &[u8]>| {
                let plain = format!("${name}");
                let braced = format!("${{{name}}}");
                let rest = rest
                    .strip_prefix(plain.as_bytes())
                    .or_else(|| rest.strip_prefix(braced.as_bytes()));
                if let Some(rest) = rest {
                    left.extend(values.map(|value| [before, value, rest].concat()));
                }
                rest.is_some()
            };
            let mut origins = origins.iter().map(|origin| origin.as_os_str().as_bytes());
            let multiarch: Vec<String> =
                self.machine.multiarch().iter().map(|name| format!("lib/{name}")).collect();
            let lib = ["lib", "lib64", "lib32", "libx32"].into_iter();
            let mut lib =
                lib.chain(multiarch.iter().map(String::as_str)).map(|name| name.as_bytes());
            if !replace("ORIGIN", &mut origins) && !replace("LIB", &mut lib) {
                // `$PLATFORM` depends on the processor.
                self.is_unknown = true;
            }
        }
    }

    /// Returns the directories of /etc/ld.so.conf and of the files that it includes.
    fn configured(&mut self) -> Directories {
        if let Some(known) = &self.configured {
            return Rc::clone(known);
        }
        let mut directories = Vec::new();
        let mut left = vec![PathBuf::from("/etc/ld.so.conf")];
        let mut files = 0;
        while let Some(file) = left.pop() {
            files += 1;
            let content = match contents(self.root, &file, LOADER_CONFIGURATION) {
                Ok(content) if files <= LOADER_CONFIGURATIONS && !self.is_unknown => content,
                Err(error) if is_missing(&error) => continue,
                _ => {
                    self.is_unknown = true;
                    break;
                }
            };
            for line in content.split(|byte| *byte == b'\n') {
                self.is_unknown |=
                    directories.len() > LIBRARY_PATHS || left.len() > LOADER_CONFIGURATIONS;
                if self.is_unknown {
                    break;
                }
                let line = line.split(|byte| *byte == b'#').next().unwrap_or_default();
                let line = line.trim_ascii();
                match line.strip_prefix(b"include") {
                    Some(included) if included.first().is_some_and(u8::is_ascii_whitespace) => {
                        for pattern in included.split(u8::is_ascii_whitespace) {
                            if pattern.is_empty() || left.len() > LOADER_CONFIGURATIONS {
                                continue;
                            }
                            let pattern = Path::new(OsStr::from_bytes(pattern));
                            let directory = file.parent().unwrap_or(Path::new("/"));
                            left.extend(self.matching(&directory.join(pattern)));
                        }
                    }
                    _ if line.starts_with(b"/") => {
                        // (`=TYPE` was for other C libraries.)
                        let path = line.split(|byte| *byte == b'=').next().unwrap_or_default();
                        directories.push(PathBuf::from(OsStr::from_bytes(path)));
                    }
                    _ => {}
                }
            }
        }
        let directories = Rc::new(directories);
        self.configured = Some(Rc::clone(&directories));
        directories
    }

    /// Returns the files that a pattern of the shell stands for, if only their names have
    /// wildcards.
    fn matching(&mut self, pattern: &Path) -> Vec<PathBuf> {
        let has_wildcard = |path: &OsStr| path.as_bytes().iter().any(|byte| b"*?[".contains(byte));
        let (Some(directory), Some(name)) = (pattern.parent(), pattern.file_name()) else {
            return Vec::new();
        };
        let pieces: Vec<&[u8]> = name.as_bytes().split(|byte| *byte == b'*').collect();
        match has_wildcard(name) {
            _ if has_wildcard(directory.as_os_str())
                || name.as_bytes().contains(&b'[')
                || name.len() > NAME_IN_PROGRAM =>
            {
                self.is_unknown = true;
                Vec::new()
            }
            false => vec![pattern.to_owned()],
            true => self.below(directory, &pieces),
        }
    }

    /// Returns the entries of a directory whose names match a pattern, which is given by the pieces
    /// between its asterisks.
    fn below(&mut self, directory: &Path, pieces: &[&[u8]]) -> Vec<PathBuf> {
        let mut found = Vec::new();
        if !self.count() {
            return found;
        }
        let mut listing = match self.root.open_directory(directory) {
            Ok(listing) => listing,
            Err(error) => {
                self.is_unknown |= !is_missing(&error);
                return found;
            }
        };
        let listed = listing.next(|name, _| {
            let is_too_much = !self.count();
            if !name.as_bytes().starts_with(b".") && matches(pieces, name.as_bytes()) {
                found.push(directory.join(name));
            }
            (is_too_much || found.len() > LOADER_CONFIGURATIONS).then_some(())
        });
        self.is_unknown |= !matches!(listed, Ok(None));
        found
    }
}

/// Returns whether a name matches a pattern, which is given by the pieces between its asterisks.
fn matches(pieces: &[&[u8]], name: &[u8]) -> bool {
    let is_at = |piece: &[u8], at: &[u8]| {
        at.len() >= piece.len() && piece.iter().zip(at).all(|(a, b)| a == b || *a == b'?')
    };
    let (Some((first, rest)), Some(last)) = (pieces.split_first(), pieces.last()) else {
        return false;
    };
    let Some((last_at, middle)) = rest.split_last().map(|(_, middle)| (last, middle)) else {
        return name.len() == first.len() && is_at(first, name);
    };
    let Some(mut left) = name.get(first.len()..).filter(|_| is_at(first, name)) else {
        return false;
    };
    for piece in middle {
        let Some(at) = (0..=left.len()).find(|at| left.get(*at..).is_some_and(|l| is_at(piece, l)))
        else {
            return false;
        };
        left = left.get(at + piece.len()..).unwrap_or_default();
    }
    let end = left.len().checked_sub(last_at.len()).and_then(|at| left.get(at..));
    end.is_some_and(|end| is_at(last_at, end))
}

/// Returns the dynamic section of a library; `None` if it cannot be read.
fn dynamic_of(source: &Source, elf: &Elf) -> Option<Dynamic> {
    source.dynamic(elf, &source.segments(elf).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_the_shell_match_names() {
        for (pattern, name, want) in [
            ("*.conf", "x86_64-linux-gnu.conf", true),
            ("*.conf", ".conf", true),
            ("*.conf", "a.conf.bak", false),
            ("a*b*c", "abc", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "ac", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*", "x", true),
            ("aa*aa", "aaa", false),
            ("abc", "abc", true),
            ("abc", "abcd", false),
        ] {
            let pieces: Vec<&[u8]> = pattern.as_bytes().split(|byte| *byte == b'*').collect();
            assert_eq!(matches(&pieces, name.as_bytes()), want, "{pattern} {name}");
        }
    }

    #[test]
    fn names_in_the_cache_end_in_nul() {
        let left = |cache: &[u8]| {
            let names = ["libc.so.6", "libc.so", "/lib/libc.so.6"];
            let mut missing = names.map(|name| (OsString::from(name), None)).to_vec();
            remove_cached(cache, &mut missing);
            missing.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
        };
        let cache = b"glibc-ld.so.cache1.1\0\x40libc.so.6\0/lib/libc.so.6\0";
        assert_eq!(left(cache), ["libc.so", "/lib/libc.so.6"]);
        assert_eq!(left(b"").len(), 3);
    }
}
