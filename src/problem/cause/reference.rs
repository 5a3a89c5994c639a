//! The words of the reference, the Go package `hooks`. `Error::message` uses them for parity.

use super::{Cause, PatternRole, Property, Refusal};
use crate::go::json::{JsonErrorKind, SyntaxErrorKind};
use crate::go::quote;
use crate::problem::text_of;

impl Cause {
    /// Returns whether [`Cause::reference`] has words for this cause.
    pub fn has_reference(&self) -> bool {
        self.reference().is_some()
    }

    /// Returns the message of the reference, without the steps before it. `None` if the reference
    /// has no message, or one of its JSON package, whose words we do not use.
    pub fn reference(&self) -> Option<String> {
        Some(match self {
            Cause::Json(JsonErrorKind::Syntax(SyntaxErrorKind::Empty | SyntaxErrorKind::End)) => {
                "unexpected end of JSON input".to_owned()
            }
            Cause::File(refusal) | Cause::Directory(refusal) | Cause::Start(refusal) => {
                of_system(refusal)
            }
            Cause::OutputFile { stream, refusal } => {
                format!("opening {stream} file for config-filter hook: {}", of_system(refusal))
            }
            Cause::NoJsonSuffix => "hook filename does not end in '.json'".to_owned(),
            Cause::NilHook => "nil hook".to_owned(),
            Cause::UnrecognizedVersion { version } => {
                format!("unrecognized hook version: {}", quote(version.as_bytes()))
            }
            Cause::Reader(message) => message.to_string(),
            Cause::UnexpectedVersion { version } => {
                format!("unexpected hook version {} (expecting 1.0.0)", quote(version.as_bytes()))
            }
            Cause::Missing(property) => format!("missing required property: {}", property.name()),
            Cause::Conflict { singular, plural } => {
                format!("cannot set both '{singular}' and '{plural}'")
            }
            Cause::UnknownStage { stage } => format!("unknown stage {}", quote(stage.as_bytes())),
            Cause::Executable { path, errno, .. } => format!("faccessat {path}: {}", errno),
            Cause::Pattern { role, pattern: Some(pattern), error } => {
                format!("invalid {} {}: {error}", role.name(), quote(pattern.as_bytes()))
            }
            Cause::Pattern { role, pattern: None, error } => format!("{}: {error}", role.name()),
            Cause::EmptyArgs => "process.args must have at least one entry".to_owned(),
            Cause::NoCommand => "exec: no command".to_owned(),
            Cause::NulInEnvironment => "exec: environment variable contains NUL".to_owned(),
            _ => return None,
        })
    }
}

fn of_system(refusal: &Refusal) -> String {
    let path = text_of(refusal.path.as_os_str());
    format!("{} {path}: {}", refusal.operation, refusal.errno)
}

impl Property {
    pub(super) fn name(self) -> &'static str {
        match self {
            Property::Hook => "hook",
            Property::Path => "hook.path",
            Property::Stages => "stages",
        }
    }
}

impl PatternRole {
    fn name(self) -> &'static str {
        match self {
            PatternRole::AnnotationKey => "annotation key",
            PatternRole::AnnotationValue => "annotation value",
            PatternRole::Command => "command",
        }
    }
}
