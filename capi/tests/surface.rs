//! Tests the library that `cargo build --release` makes, with the tables of cases and through the C
//! ABI. It loads the library as any program does.
//!
//! The tests of the Rust API with these tables are in `tests/it/cases.rs` and
//! `regexp/tests/it/cases.rs`.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::ptr::{null, null_mut};

use base64::Engine;
use libloading::{Library, Symbol};
use serde_json::{Value, json};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

type New = unsafe extern "C" fn(
    *const *const c_char,
    usize,
    *const *const c_char,
    usize,
    *const c_void,
    *mut *mut c_void,
    *mut *mut c_void,
) -> c_int;
type Hooks = unsafe extern "C" fn(
    *const c_void,
    *const c_char,
    *const c_char,
    c_int,
    *mut *mut c_char,
    *mut *mut c_char,
    *mut *mut c_void,
) -> c_int;
type Validate =
    unsafe extern "C" fn(*const c_char, *const *const c_char, usize, *mut *mut c_void) -> c_int;
type Match = unsafe extern "C" fn(
    *const c_void,
    *const c_void,
    usize,
    c_int,
    *mut u32,
    usize,
    *mut usize,
    *mut *mut c_void,
) -> c_int;
type Free = unsafe extern "C" fn(*mut c_void);

/// The loaded libhooks.so.
struct C {
    library: Library,
}

impl C {
    fn load() -> C {
        let path = match std::env::var_os("LIBHOOKS_PATH") {
            Some(path) => PathBuf::from(path),
            None => {
                let built = Command::new(env!("CARGO"))
                    .args(["build", "--release", "--target-dir", "target"])
                    .current_dir(ROOT)
                    .status()
                    .unwrap();
                assert!(built.success());
                Path::new(ROOT).join("target/release/libhooks.so")
            }
        };
        // SAFETY: it is our own library; its constructor only sets a panic hook.
        let library = unsafe { Library::new(path) }.unwrap();
        C { library }
    }

    fn get<T>(&self, name: &str) -> Symbol<'_, T> {
        // SAFETY: the types above are those of include/hooks.h.
        unsafe { self.library.get(name.as_bytes()) }.unwrap()
    }

    /// Returns the message of an error, and frees the error.
    fn error(&self, error: *mut c_void) -> String {
        let message: Symbol<'_, unsafe extern "C" fn(*const c_void) -> *const c_char> =
            self.get("hooks_error_message");
        // SAFETY: a failed call returned `error`. The message belongs to it, and is copied before
        // the error is freed.
        unsafe {
            let message = CStr::from_ptr(message(error)).to_str().unwrap().to_owned();
            self.get::<Free>("hooks_error_free")(error);
            message
        }
    }

    /// Returns a copy of a string, and frees the string.
    fn string(&self, string: *mut c_char) -> String {
        // SAFETY: a call returned `string`.
        unsafe {
            let copy = CStr::from_ptr(string).to_str().unwrap().to_owned();
            self.get::<Free>("hooks_string_free")(string.cast());
            copy
        }
    }

    fn manager(&self, directories: &[PathBuf], stages: &[String]) -> Result<Manager<'_>, String> {
        let directories = strings(directories.iter().map(|path| path.to_str().unwrap()));
        let stages = strings(stages.iter().map(String::as_str));
        let (directories, stages) = (pointers(&directories), pointers(&stages));
        let (mut manager, mut error) = (null_mut(), null_mut());
        // SAFETY: arrays of NUL-terminated strings with their lengths, and memory for both outputs.
        let status = unsafe {
            let new = self.get::<New>("hooks_manager_new");
            let (d, s) = (directories.as_ptr(), stages.as_ptr());
            new(d, directories.len(), s, stages.len(), null(), &mut manager, &mut error)
        };
        if status == 0 { Ok(Manager { c: self, manager }) } else { Err(self.error(error)) }
    }
}

/// A manager, which is freed when it is dropped.
struct Manager<'c> {
    c: &'c C,
    manager: *mut c_void,
}

impl Manager<'_> {
    /// Returns the config and the hooks of the extension stages.
    fn hooks(
        &self,
        config: &str,
        annotations: &str,
        bind_mounts: bool,
    ) -> Result<(Value, Value), String> {
        let (config, annotations) =
            (CString::new(config).unwrap(), CString::new(annotations).unwrap());
        let (mut out, mut extension, mut error) = (null_mut(), null_mut(), null_mut());
        // SAFETY: NUL-terminated strings, and memory for the outputs.
        let status = unsafe {
            let hooks = self.c.get::<Hooks>("hooks_manager_hooks");
            let (config, annotations) = (config.as_ptr(), annotations.as_ptr());
            hooks(
                self.manager,
                config,
                annotations,
                bind_mounts.into(),
                &mut out,
                &mut extension,
                &mut error,
            )
        };
        if status != 0 {
            return Err(self.c.error(error));
        }
        let parse = |json: String| serde_json::from_str(&json).unwrap();
        Ok((parse(self.c.string(out)), parse(self.c.string(extension))))
    }

    /// Returns whether the first hook matches a container with this command (any bytes).
    fn matches_command(&self, command: &[u8]) -> bool {
        let mut request = Vec::new();
        request.extend(2u32.to_ne_bytes());
        request.extend(u32::try_from(command.len()).unwrap().to_ne_bytes());
        request.extend(command);
        request.extend(0u32.to_ne_bytes());
        let (mut index, mut count, mut error) = ([0u32; 1], 0usize, null_mut());
        // SAFETY: the snapshot is freed below; the request and the outputs have the lengths given.
        let status = unsafe {
            type Take = unsafe extern "C" fn(*const c_void) -> *mut c_void;
            let snapshot = self.c.get::<Take>("hooks_manager_snapshot")(self.manager);
            let matches = self.c.get::<Match>("hooks_snapshot_match");
            let (bytes, length) = (request.as_ptr().cast(), request.len());
            let status =
                matches(snapshot, bytes, length, 0, index.as_mut_ptr(), 1, &mut count, &mut error);
            self.c.get::<Free>("hooks_snapshot_free")(snapshot);
            status
        };
        assert_eq!(status, 0, "{:?}", (!error.is_null()).then(|| self.c.error(error)));
        count == 1 && index == [0]
    }
}

impl Drop for Manager<'_> {
    fn drop(&mut self) {
        // SAFETY: made by hooks_manager_new and freed once.
        unsafe { self.c.get::<Free>("hooks_manager_free")(self.manager) }
    }
}

fn strings<'a>(strings: impl Iterator<Item = &'a str>) -> Vec<CString> {
    strings.map(|string| CString::new(string).unwrap()).collect()
}

fn pointers(strings: &[CString]) -> Vec<*const c_char> {
    strings.iter().map(|string| string.as_ptr()).collect()
}

fn lines(name: &str) -> Vec<Value> {
    let content = std::fs::read_to_string(Path::new(ROOT).join(name)).unwrap();
    // Patterns have U+2028 and similar characters; only a line feed ends a line.
    content.split('\n').filter(|line| !line.is_empty()).map(parse_deep).collect()
}

fn parse_deep(line: &str) -> Value {
    serde_json::from_str(line).unwrap()
}

fn or_empty(value: &Value) -> Value {
    if value.is_null() { json!({}) } else { value.clone() }
}

#[test]
fn answers_are_those_of_the_reference() {
    let c = C::load();
    let (mut cases, mut answers) = (0, 0);
    for (number, case) in lines("tests/data/cases.jsonl").iter().enumerate() {
        let root = tempfile::tempdir().unwrap();
        let mut directories = Vec::new();
        for (index, directory) in case["dirs"].as_array().unwrap().iter().enumerate() {
            let path = root.path().join(format!("d{index}"));
            std::fs::create_dir(&path).unwrap();
            for (name, content) in directory.as_object().unwrap() {
                let content = base64::engine::general_purpose::STANDARD
                    .decode(content.as_str().unwrap())
                    .unwrap();
                std::fs::write(path.join(name), content).unwrap();
            }
            directories.push(path);
        }
        let stages: Vec<String> = case["stages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|stage| stage.as_str().unwrap().to_owned())
            .collect();
        let manager = c.manager(&directories, &stages);
        assert_eq!(manager.is_err(), case["new_error"].is_string(), "case {number}");
        cases += 1;
        let Ok(manager) = manager else { continue };
        let requests = case["requests"].as_array().unwrap();
        for (request, answer) in requests.iter().zip(case["answers"].as_array().unwrap()) {
            answers += 1;
            let config = request["config"].as_str().unwrap();
            let bind_mounts = request["hasBindMounts"].as_bool().unwrap();
            let got = manager.hooks(config, &request["annotations"].to_string(), bind_mounts);
            match (got, answer["error"].as_str()) {
                (Err(error), Some(want)) => assert_eq!(error, want, "case {number}"),
                (Ok((config, extension)), None) => {
                    assert_eq!(
                        or_empty(&config["hooks"]),
                        or_empty(&answer["hooks"]),
                        "case {number}"
                    );
                    assert_eq!(
                        extension,
                        or_empty(&answer["extensionStageHooks"]),
                        "case {number}"
                    );
                }
                (got, want) => panic!("case {number}: {got:?}, want {want:?}"),
            }
        }
    }
    println!("{cases} cases, {answers} answers agree with the reference through the C ABI");
    assert_eq!(cases, 600);
}

#[test]
fn patterns_match_as_in_go() {
    let c = C::load();
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("a.json");
    let (mut patterns, mut verdicts, mut raw) = (0, 0, 0);
    for case in lines("regexp/tests/data/cases.jsonl") {
        patterns += 1;
        let pattern = &case["pattern"];
        let hook = json!({"version": "1.0.0", "hook": {"path": "/bin/sh"}, "when": {"commands": [pattern]}, "stages": []});
        let hook_json = CString::new(hook.to_string()).unwrap();
        let mut error = null_mut();
        // SAFETY: a NUL-terminated string, no stages, and memory for the error.
        let status = unsafe {
            c.get::<Validate>("hooks_validate")(hook_json.as_ptr(), null(), 0, &mut error)
        };
        assert_eq!(status == 0, case["accept"].as_bool().unwrap(), "{pattern}");
        if status != 0 {
            let message = c.error(error);
            let want = case["error"].as_str().unwrap();
            assert!(message.ends_with(want), "{pattern}: {message}, want {want}");
            continue;
        }
        std::fs::write(&file, hook.to_string()).unwrap();
        let manager = c.manager(&[root.path().to_owned()], &[]).unwrap();
        for input in case["cases"].as_array().into_iter().flatten() {
            verdicts += 1;
            let command = match (input["input"].as_str(), input["input_hex"].as_str()) {
                (Some(string), _) => string.as_bytes().to_vec(),
                (None, hex) => {
                    raw += 1;
                    // One case has a newline after the digits, which belongs to the input.
                    let hex = hex.unwrap();
                    let digits = hex.trim_end_matches('\n');
                    let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
                    let mut bytes: Vec<u8> = (0..digits.len()).step_by(2).map(byte).collect();
                    bytes.extend(&hex.as_bytes()[digits.len()..]);
                    bytes
                }
            };
            assert_eq!(
                manager.matches_command(&command),
                input["match"].as_bool().unwrap(),
                "{pattern} on {input}"
            );
        }
    }
    println!(
        "{patterns} patterns, {verdicts} verdicts ({raw} on bytes that are not UTF-8) agree with Go through the C ABI"
    );
    assert!(patterns >= 4_300 && raw >= 100);
}
