//! Writes SARIF 2.1.0, which code scanning services read.

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use libhooks::{Code, Diagnostic, Severity};
use serde_json::{Value, json};

use super::source::Sources;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// Returns the log of one run with these diagnostics.
pub fn log(diagnostics: &[Diagnostic], sources: &mut Sources) -> String {
    let codes = || Code::ALL.iter().filter_map(|code| Some((*code, code.severity()?)));
    let rules: Vec<Value> = codes()
        .map(|(code, severity)| {
            json!({
                "id": code.as_str(),
                "shortDescription": {"text": code.summary()},
                "defaultConfiguration": {"level": level(severity)},
            })
        })
        .collect();
    let indexes: BTreeMap<Code, usize> =
        codes().enumerate().map(|(index, (code, _))| (code, index)).collect();
    let results: Vec<Value> = diagnostics
        .iter()
        .map(|diagnostic| {
            let mut location = json!({"artifactLocation": {"uri": uri(&diagnostic.path)}});
            if let (Some(position), Value::Object(location)) = (diagnostic.position, &mut location)
            {
                let column = sources.column(&diagnostic.path, position);
                let region = json!({"startLine": position.line, "startColumn": column});
                location.insert("region".to_owned(), region);
            }
            json!({
                "ruleId": diagnostic.code.as_str(),
                "ruleIndex": indexes.get(&diagnostic.code),
                "level": level(diagnostic.severity),
                "message": {"text": message(diagnostic)},
                "locations": [{"physicalLocation": location}],
            })
        })
        .collect();
    let driver = json!({"name": "oci-hooks", "version": libhooks::VERSION, "rules": rules});
    let run =
        json!({"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results});
    format!("{:#}", json!({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}))
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        _ => "note",
    }
}

/// Returns the message and the hint. Braces are doubled, because SARIF uses them for placeholders
/// (SARIF 2.1.0, 3.11.5).
fn message(diagnostic: &Diagnostic) -> String {
    let text = match &diagnostic.hint {
        Some(hint) => format!("{} ({hint})", diagnostic.message()),
        None => diagnostic.message(),
    };
    text.replace('{', "{{").replace('}', "}}")
}

/// Converts a path to a URI (RFC 3986). A relative path gives a relative URI.
fn uri(path: &Path) -> String {
    let mut uri = String::new();
    if path.is_absolute() {
        uri += "file://";
    }
    for byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(byte) {
            uri.push(char::from(*byte));
        } else {
            uri += &format!("%{byte:02X}");
        }
    }
    uri
}
