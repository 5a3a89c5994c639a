//! Containers for the evaluation of conditions, in each form that callers can use.

use libhooks::Annotations;
use serde_json::{Value, json};

/// A container.
#[derive(Debug, Clone)]
pub struct Container {
    pub process: Process,
    pub annotations: Vec<(Vec<u8>, Vec<u8>)>,
    pub has_bind_mounts: bool,
}

/// The process of a container.
#[derive(Debug, Clone)]
pub enum Process {
    Absent,
    NoArgs,
    Command(Vec<u8>),
}

impl Container {
    /// Makes a container from fields of an input. The first field has a byte for the process
    /// (`a`bsent, `n`o args, or a command) and one for the mounts (`b`ind or not). Then come the
    /// command, and keys and values of annotations.
    pub fn take<'a>(mut fields: impl Iterator<Item = &'a [u8]>) -> Container {
        let flags = fields.next().unwrap_or_default();
        let command = fields.next().unwrap_or_default().to_vec();
        let process = match flags.first() {
            Some(b'a') => Process::Absent,
            Some(b'n') => Process::NoArgs,
            _ => Process::Command(command),
        };
        let mut annotations = Vec::new();
        while let Some(key) = fields.next() {
            annotations.push((key.to_vec(), fields.next().unwrap_or_default().to_vec()));
        }
        Container { process, annotations, has_bind_mounts: flags.get(1) == Some(&b'b') }
    }

    /// Returns the flat request for `hooks_snapshot_match`.
    pub fn request(&self) -> Vec<u8> {
        let mut request = Vec::new();
        let number = |request: &mut Vec<u8>, number: usize| {
            request.extend(u32::try_from(number).unwrap().to_ne_bytes());
        };
        match &self.process {
            Process::Absent => number(&mut request, 0),
            Process::NoArgs => number(&mut request, 1),
            Process::Command(command) => {
                number(&mut request, 2);
                number(&mut request, command.len());
                request.extend(command);
            }
        }
        number(&mut request, self.annotations.len());
        for text in self.annotations.iter().flat_map(|(key, value)| [key, value]) {
            number(&mut request, text.len());
            request.extend(text);
        }
        request
    }

    /// Returns the container that a flat request describes, or `None` if it is malformed.
    pub fn of_request(request: &[u8], has_bind_mounts: bool) -> Option<Container> {
        let mut rest = Rest(request);
        let process = match rest.number()? {
            0 => Process::Absent,
            1 => Process::NoArgs,
            2 => Process::Command(rest.text()?),
            _ => return None,
        };
        let mut annotations = Vec::new();
        for _ in 0..rest.number()? {
            annotations.push((rest.text()?, rest.text()?));
        }
        rest.0.is_empty().then_some(Container { process, annotations, has_bind_mounts })
    }

    /// Returns a config with the annotations and mounts of the container. Returns `None` if a
    /// config cannot represent it: a string is not UTF-8, or a key is duplicate.
    pub fn config(&self) -> Option<String> {
        let mut config = json!({"ociVersion": "1.0.2"});
        match &self.process {
            Process::Absent => {}
            Process::NoArgs => config["process"] = json!({"cwd": "/"}),
            Process::Command(command) => {
                config["process"] = json!({"args": [str::from_utf8(command).ok()?, "x"]})
            }
        }
        let mut annotations = serde_json::Map::new();
        for (key, value) in &self.annotations {
            let value = Value::from(str::from_utf8(value).ok()?);
            if annotations.insert(str::from_utf8(key).ok()?.to_owned(), value).is_some() {
                return None;
            }
        }
        config["annotations"] = Value::Object(annotations);
        if self.has_bind_mounts {
            config["mounts"] = json!([{"destination": "/x", "options": ["ro", "rbind"]}]);
        }
        Some(config.to_string())
    }

    /// Returns a config with the process only; callers pass annotations and mounts separately.
    pub fn bare_config(&self) -> Option<String> {
        Container { annotations: Vec::new(), has_bind_mounts: false, ..self.clone() }.config()
    }

    /// Returns the annotations in the library's type.
    pub fn annotations(&self) -> Annotations {
        self.annotations.iter().cloned().collect()
    }

    /// Returns containers that conditions are likely to match, made from strings in the conditions.
    pub fn likely(when: &libhooks::When) -> Vec<Container> {
        let plain =
            |text: &str| text.trim_matches(['^', '$']).replace(['\\', '(', ')'], "").into_bytes();
        let command = when.commands.first().map_or_else(|| b"/bin/sh".to_vec(), |text| plain(text));
        let annotations: Vec<_> = when
            .annotations
            .iter()
            .take(4)
            .map(|(key, value)| (plain(key), plain(value)))
            .collect();
        vec![
            Container { process: Process::Absent, annotations: Vec::new(), has_bind_mounts: false },
            Container {
                process: Process::NoArgs,
                annotations: annotations.clone(),
                has_bind_mounts: true,
            },
            Container { process: Process::Command(command), annotations, has_bind_mounts: false },
        ]
    }
}

/// The rest of a flat request.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn number(&mut self) -> Option<u32> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_ne_bytes(*number))
    }

    fn text(&mut self) -> Option<Vec<u8>> {
        let length = self.number()? as usize;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(text.to_vec())
    }
}
