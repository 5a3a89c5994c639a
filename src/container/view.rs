//! The properties that conditions evaluate: a container's command, its annotations, and whether it
//! has bind mounts.

use std::borrow::Cow;

use super::root_filesystem::RootFilesystem;
use crate::go::json::{JsonError, JsonReader, Kind, Text};
use crate::limits;
use crate::problem::{Cause, Error, ErrorKind, RequestError, Result, check_limit};

/// The properties of a container that the conditions of hooks evaluate (docs/spec.md, section 5):
/// its command, its annotations, and whether it has bind mounts.
///
/// Create it from a config ([`Config::container`](crate::Config::container)), from an
/// `oci_spec::runtime::Spec` ([`Container::from_spec`]), or from its parts
/// ([`Container::from_parts`]). It borrows them. An engine can override the values of the config:
///
/// ```
/// use libhooks::{Annotations, Config};
///
/// let config = Config::parse(r#"{"process": {"args": ["/bin/sh"]}}"#)?;
/// let annotations = Annotations::from_iter([("org.example.key", "true")]);
/// let container = config.container().annotations(&annotations).bind_mounts(true);
/// # let _ = container;
/// # Ok::<(), libhooks::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Container<'a> {
    pub(crate) process: Process<'a>,
    pub(crate) args: Args<'a>,
    pub(crate) annotations: Pairs<'a>,
    pub(crate) has_bind_mounts: bool,
    pub(crate) root_filesystem: Option<&'a RootFilesystem>,
}

/// All words of `process.args`. Conditions use only the first one ([`Process::Command`]).
/// The others are read when an explanation needs them.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) enum Args<'a> {
    #[default]
    Unknown,
    /// A JSON array of strings, or `null`.
    Json(&'a str),
    #[cfg(feature = "oci-spec")]
    Strings(&'a [String]),
}

/// Annotations: keys and values, in the order given.
pub(crate) type Pairs<'a> = Vec<(Cow<'a, [u8]>, Cow<'a, [u8]>)>;

/// A container's process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Process<'a> {
    /// The config has no process. Conditions on commands are ignored.
    Absent,
    /// The process has no args. Evaluating a condition on commands is an error.
    NoArgs,
    /// `process.args[0]`, a byte string. It need not be UTF-8.
    Command(Cow<'a, [u8]>),
}

impl<'a> From<&'a str> for Process<'a> {
    fn from(command: &'a str) -> Process<'a> {
        Process::Command(Cow::Borrowed(command.as_bytes()))
    }
}

impl<'a> From<&'a [u8]> for Process<'a> {
    fn from(command: &'a [u8]) -> Process<'a> {
        Process::Command(Cow::Borrowed(command))
    }
}

/// A container's annotations: a map of byte strings. They need not be UTF-8: Go's strings and the
/// arguments of an engine's command line can contain any bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Annotations {
    pairs: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Annotations {
    /// Reads a JSON object of strings. A value that is `null` counts as "".
    ///
    /// # Errors
    /// [`ErrorKind::Json`] if it is not such an object or has a key twice;
    /// [`ErrorKind::InvalidArgument`] if it is larger than [`limits::CONFIG`].
    pub fn from_json(json: &str) -> Result<Annotations> {
        check_limit("bytes of annotations as JSON", json.len(), limits::CONFIG)?;
        let mut reader = JsonReader::of_str(json);
        let read = match read_pairs(&mut reader, "annotations") {
            Ok(pairs) => reader.end().map(|()| pairs).map_err(JsonError::from),
            Err(error) => Err(error),
        };
        let pairs =
            read.map_err(|error| Error::in_json(error, json.as_bytes()).context("annotations"))?;
        Ok(pairs.into_iter().map(|(key, value)| (key.into_owned(), value.into_owned())).collect())
    }

    /// Returns the value of this key.
    pub fn get(&self, key: &str) -> Option<&[u8]> {
        let pair = self.pairs.iter().find(|(known, _)| known == key.as_bytes())?;
        Some(&pair.1)
    }

    pub(crate) fn pairs(&self) -> Pairs<'_> {
        self.pairs
            .iter()
            .map(|(key, value)| (Cow::Borrowed(&key[..]), Cow::Borrowed(&value[..])))
            .collect()
    }
}

impl<K: Into<Vec<u8>>, V: Into<Vec<u8>>> FromIterator<(K, V)> for Annotations {
    /// If a key occurs more than once, the last value is used.
    fn from_iter<I: IntoIterator<Item = (K, V)>>(iter: I) -> Annotations {
        let mut map = std::collections::BTreeMap::new();
        for (key, value) in iter {
            map.insert(key.into(), value.into());
        }
        Annotations { pairs: map.into_iter().collect() }
    }
}

impl<K: Into<Vec<u8>>, V: Into<Vec<u8>>> Extend<(K, V)> for Annotations {
    /// A new value replaces the value of an equal key.
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, iter: I) {
        let old = std::mem::take(&mut self.pairs).into_iter();
        let new = iter.into_iter().map(|(k, v)| (k.into(), v.into()));
        *self = old.chain(new).collect();
    }
}

/// Reads a map of strings. `null` counts as an empty map, and a value that is `null` as "".
pub(crate) fn read_pairs<'a>(
    reader: &mut JsonReader<'a>,
    name: &str,
) -> std::result::Result<Pairs<'a>, JsonError> {
    if !reader.given(Kind::Object, &name)? {
        return Ok(Vec::new());
    }
    // Few containers have more annotations.
    let mut pairs: Pairs<'a> = Vec::with_capacity(16);
    let mut keys: Vec<Text<'a>> = Vec::with_capacity(16);
    reader.object(|reader, key| {
        let value = if reader.given(Kind::String, &format_args!("{name}.{}", key.value))? {
            reader.string()?.value
        } else {
            Cow::Borrowed("")
        };
        pairs.push((bytes_of(key.value.clone()), bytes_of(value)));
        keys.push(key);
        Ok::<(), JsonError>(())
    })?;
    keys.sort_by(|a, b| a.value.cmp(&b.value));
    let twice = keys.windows(2).filter_map(|pair| match pair {
        [first, second] if first.value == second.value => Some(second),
        _ => None,
    });
    match twice.min_by_key(|key| key.offset) {
        Some(key) => Err(JsonError::duplicate(key, name)),
        None => Ok(pairs),
    }
}

/// Returns the bytes of a string.
pub(crate) fn bytes_of(text: Cow<'_, str>) -> Cow<'_, [u8]> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    }
}

impl<'a> Container<'a> {
    /// Returns a container with these properties. Nothing is copied.
    ///
    /// ```
    /// use libhooks::{Container, Process};
    ///
    /// let annotations = [("org.example.key", "true")];
    /// let container = Container::from_parts(Process::from("/bin/sh"), annotations, false);
    /// # let _ = container;
    /// ```
    pub fn from_parts<K, V>(
        process: Process<'a>,
        annotations: impl IntoIterator<Item = (&'a K, &'a V)>,
        has_bind_mounts: bool,
    ) -> Container<'a>
    where
        K: AsRef<[u8]> + ?Sized + 'a,
        V: AsRef<[u8]> + ?Sized + 'a,
    {
        let annotations = annotations.into_iter();
        let borrow = |(key, value): (&'a K, &'a V)| {
            (Cow::Borrowed(key.as_ref()), Cow::Borrowed(value.as_ref()))
        };
        Container {
            process,
            args: Args::Unknown,
            annotations: annotations.map(borrow).collect(),
            has_bind_mounts,
            root_filesystem: None,
        }
    }

    /// Replaces the container's annotations. `None` changes nothing.
    pub fn annotations(mut self, annotations: impl Into<Option<&'a Annotations>>) -> Container<'a> {
        if let Some(annotations) = annotations.into() {
            self.annotations = annotations.pairs();
        }
        self
    }

    /// Sets whether the container has bind mounts, overriding its config. `None` changes nothing.
    pub fn bind_mounts(mut self, has_bind_mounts: impl Into<Option<bool>>) -> Container<'a> {
        if let Some(has_bind_mounts) = has_bind_mounts.into() {
            self.has_bind_mounts = has_bind_mounts;
        }
        self
    }

    /// Sets the root file system of the container's bundle, for
    /// [`Snapshot::explain`](crate::Snapshot::explain): the programs of hooks that run inside the
    /// container are looked for in it. `None` changes nothing.
    pub fn root_filesystem(mut self, root: impl Into<Option<&'a RootFilesystem>>) -> Container<'a> {
        self.root_filesystem = root.into().or(self.root_filesystem);
        self
    }

    /// Checks that the container is within the limits: each pattern of each hook may be matched
    /// against its command and all its annotations.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] if it is larger than [`limits`](crate::limits) allows.
    pub fn check(&self) -> Result<()> {
        check_limit("number of annotations", self.annotations.len(), limits::ANNOTATIONS)?;
        let command = match &self.process {
            Process::Command(command) => command.len(),
            Process::Absent | Process::NoArgs => 0,
        };
        let pairs: usize =
            self.annotations.iter().map(|(key, value)| key.len() + value.len()).sum();
        check_limit("bytes of annotations and process.args[0]", pairs + command, limits::CONTAINER)
    }

    /// Decodes the binary request of `hooks_snapshot_match`. All numbers are `u32` in the machine's
    /// byte order. All lengths are in bytes. There is no padding. The parts are:
    ///
    /// - the process: 0 absent, 1 without args, 2 with args (then a length and the bytes of
    ///   `args[0]`);
    /// - the number of annotations; for each, length and bytes of the key, length and bytes of the
    ///   value.
    pub fn from_request(request: &'a [u8], has_bind_mounts: bool) -> Result<Container<'a>> {
        let mut rest = Request(request);
        let process = match rest.number()? {
            0 => Process::Absent,
            1 => Process::NoArgs,
            2 => Process::Command(Cow::Borrowed(rest.bytes()?)),
            kind => return Err(malformed(RequestError::UnknownProcess(kind))),
        };
        let count = rest.number()?;
        // Each annotation takes at least 8 bytes: a wrong count must not reserve memory.
        let mut annotations = Vec::with_capacity((count as usize).min(rest.0.len() / 8));
        for _ in 0..count {
            annotations.push((Cow::Borrowed(rest.bytes()?), Cow::Borrowed(rest.bytes()?)));
        }
        if !rest.0.is_empty() {
            return Err(malformed(RequestError::TrailingBytes));
        }
        Ok(Container {
            process,
            args: Args::Unknown,
            annotations,
            has_bind_mounts,
            root_filesystem: None,
        })
    }
}

/// The bytes of a binary request that are not read yet.
struct Request<'a>(&'a [u8]);

impl<'a> Request<'a> {
    fn number(&mut self) -> Result<u32> {
        let (number, rest) =
            self.0.split_first_chunk::<4>().ok_or_else(|| malformed(RequestError::Truncated))?;
        self.0 = rest;
        Ok(u32::from_ne_bytes(*number))
    }

    fn bytes(&mut self) -> Result<&'a [u8]> {
        let length = self.number()? as usize;
        let (bytes, rest) =
            self.0.split_at_checked(length).ok_or_else(|| malformed(RequestError::Truncated))?;
        self.0 = rest;
        Ok(bytes)
    }
}

fn malformed(error: RequestError) -> Error {
    Error::new(ErrorKind::InvalidArgument, Cause::Request(error))
}
