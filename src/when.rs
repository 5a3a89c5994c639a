//! Conditions: which containers a hook is for (docs/spec.md, section 5).
//!
//! There is one evaluation, [`Conditions::evaluate`]. It reports each condition to a [`Trace`].
//! Matching passes [`NoTrace`], which compiles to nothing; `explain` passes a recorder.

use go_regexp::Regexp;
use std::borrow::Cow;
use std::fmt;

use crate::container::{Container, Process};
use crate::hook::{When, WhenRef};
use crate::problem::{Cause, Error, ErrorKind, PatternRole, Result};

/// A compiled pattern, or the error of an invalid one. The patterns of a validated hook are valid.
#[derive(Debug, Clone)]
pub(crate) struct Compiled(std::result::Result<Regexp, Box<go_regexp::Error>>);

impl Compiled {
    pub fn read(text: &str) -> Compiled {
        Compiled::new(Regexp::new(text))
    }

    pub fn new(compiled: std::result::Result<Regexp, go_regexp::Error>) -> Compiled {
        Compiled(compiled.map_err(Box::new))
    }

    /// Returns the source of the pattern, or "" if it is invalid.
    pub fn as_str(&self) -> &str {
        self.0.as_ref().map_or("", Regexp::as_str)
    }

    /// Returns the error if the pattern is invalid.
    pub fn error(&self) -> Option<&go_regexp::Error> {
        self.0.as_ref().err().map(Box::as_ref)
    }

    /// Returns [`Regexp::required_literals`], or nothing if the pattern is invalid.
    pub fn required_literals(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().flat_map(Regexp::required_literals)
    }

    /// Returns whether the pattern matches, or the error if the pattern is invalid.
    #[inline]
    pub fn matches(&self, input: &[u8]) -> std::result::Result<bool, &go_regexp::Error> {
        match &self.0 {
            Ok(regexp) => Ok(regexp.is_match(input)),
            Err(error) => Err(error),
        }
    }
}

/// The conditions of a hook, ready to be evaluated.
#[derive(Debug, Clone)]
pub(crate) struct Conditions {
    pub always: Option<bool>,
    pub has_bind_mounts: Option<bool>,
    pub annotations: Box<[AnnotationPatterns]>,
    pub commands: Box<[Compiled]>,
    pub any_of: bool,
}

/// One entry of `annotations`.
#[derive(Debug, Clone)]
pub(crate) struct AnnotationPatterns {
    pub key: Compiled,
    pub value: Compiled,
}

/// The outcome of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// It holds.
    Holds,
    /// It does not hold.
    Fails,
    /// It is ignored: `commands`, for a container without a process.
    Ignored,
}

impl Outcome {
    /// Returns the name: `holds`, `fails` or `ignored`.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Holds => "holds",
            Outcome::Fails => "fails",
            Outcome::Ignored => "ignored",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Receives the steps of an evaluation.
pub(crate) trait Trace {
    /// Whether evaluation goes on after the verdict is decided.
    const GOES_ON: bool;

    /// Receives a condition that was evaluated. `decided` is whether the verdict was decided before
    /// it.
    fn condition(&mut self, condition: Evaluated, outcome: &Result<Outcome>, decided: bool);
}

/// A condition that was evaluated, with the indices of its patterns and annotations.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Evaluated {
    Always,
    HasBindMounts,
    Annotation {
        /// The index of the pair of patterns.
        index: usize,
        /// The index of the container's annotation that made the condition hold.
        matched: Option<usize>,
        /// The index of the last annotation whose key matched and whose value did not.
        near: Option<usize>,
    },
    /// The index of the pattern that matched.
    Commands {
        matched: Option<usize>,
    },
}

/// Ignores the steps of an evaluation.
pub(crate) struct NoTrace;

impl Trace for NoTrace {
    const GOES_ON: bool = false;
    #[inline]
    fn condition(&mut self, _: Evaluated, _: &Result<Outcome>, _: bool) {}
}

impl When {
    /// Returns whether the conditions hold for a container (docs/spec.md, section 5). They need not
    /// be validated first: the error of an invalid pattern is returned when it is evaluated.
    ///
    /// ```
    /// use libhooks::{Config, When};
    ///
    /// let when = When { commands: vec!["sh$".to_owned()], ..When::default() };
    /// let config = Config::parse(r#"{"process": {"args": ["/bin/sh"]}}"#)?;
    /// assert!(when.matches(&config.container())?);
    /// # Ok::<(), libhooks::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::HookFile`] if a pattern is invalid; [`ErrorKind::Match`] if `commands` is
    /// evaluated and the process has no args; [`ErrorKind::InvalidArgument`] if the container is
    /// larger than [`limits`](crate::limits) allows.
    pub fn matches(&self, container: &Container<'_>) -> Result<bool> {
        container.check()?;
        Conditions::compile(&self.into(), Compiled::read).evaluate(container, &mut NoTrace)
    }
}

impl Conditions {
    /// Compiles all patterns with `compile`. The error of an invalid pattern is returned when it is
    /// evaluated.
    pub fn compile(when: &WhenRef<'_>, mut compile: impl FnMut(&str) -> Compiled) -> Conditions {
        let mut pair = |(key, value): &(Cow<'_, str>, Cow<'_, str>)| AnnotationPatterns {
            key: compile(key),
            value: compile(value),
        };
        Conditions {
            always: when.always,
            has_bind_mounts: when.has_bind_mounts,
            annotations: when.annotations.iter().map(&mut pair).collect(),
            commands: when.commands.iter().map(|command| compile(command)).collect(),
            any_of: when.any_of,
        }
    }

    /// Returns whether the hook is for this container.
    pub fn evaluate<T: Trace>(&self, container: &Container<'_>, trace: &mut T) -> Result<bool> {
        let mut verdict = Verdict { any_of: self.any_of, decided: None, held: false, trace };
        if let Some(always) = self.always {
            verdict.add(Evaluated::Always, Ok(outcome(always)));
        }
        if let Some(wanted) = self.has_bind_mounts.filter(|_| verdict.open()) {
            verdict.add(Evaluated::HasBindMounts, Ok(outcome(wanted && container.has_bind_mounts)));
        }
        for (index, patterns) in self.annotations.iter().enumerate() {
            if !verdict.open() {
                break;
            }
            let (evaluated, outcome) = patterns.evaluate(index, container);
            verdict.add(evaluated, outcome);
        }
        if !self.commands.is_empty() && verdict.open() {
            let (evaluated, outcome) = self.evaluate_commands(container);
            verdict.add(evaluated, outcome);
        }
        verdict.decided.unwrap_or(Ok(verdict.held))
    }

    fn evaluate_commands(&self, container: &Container<'_>) -> (Evaluated, Result<Outcome>) {
        let not_matched = Evaluated::Commands { matched: None };
        let command = match &container.process {
            Process::Absent => return (not_matched, Ok(Outcome::Ignored)),
            Process::NoArgs => {
                return (not_matched, Err(Error::new(ErrorKind::Match, Cause::EmptyArgs)));
            }
            Process::Command(command) => command.as_ref(),
        };
        for (index, pattern) in self.commands.iter().enumerate() {
            match pattern.matches(command) {
                Ok(true) => {
                    return (Evaluated::Commands { matched: Some(index) }, Ok(Outcome::Holds));
                }
                Ok(false) => {}
                Err(error) => {
                    return (not_matched, Err(not_a_pattern(PatternRole::Command, error)));
                }
            }
        }
        (not_matched, Ok(Outcome::Fails))
    }
}

impl AnnotationPatterns {
    #[inline]
    fn evaluate(&self, index: usize, container: &Container<'_>) -> (Evaluated, Result<Outcome>) {
        let mut near = None;
        for (at, (key, value)) in container.annotations.iter().enumerate() {
            match self.key.matches(key) {
                Ok(true) => {}
                Ok(false) => continue,
                Err(error) => {
                    let error = not_a_pattern(PatternRole::AnnotationKey, error);
                    return (Evaluated::Annotation { index, matched: None, near }, Err(error));
                }
            }
            match self.value.matches(value) {
                Ok(true) => {
                    return (
                        Evaluated::Annotation { index, matched: Some(at), near },
                        Ok(Outcome::Holds),
                    );
                }
                Ok(false) => near = Some(at),
                Err(error) => {
                    let error = not_a_pattern(PatternRole::AnnotationValue, error);
                    return (
                        Evaluated::Annotation { index, matched: None, near: Some(at) },
                        Err(error),
                    );
                }
            }
        }
        (Evaluated::Annotation { index, matched: None, near }, Ok(Outcome::Fails))
    }
}

/// The verdict of an evaluation that is not finished.
struct Verdict<'t, T> {
    any_of: bool,
    decided: Option<Result<bool>>,
    /// Whether a condition held.
    held: bool,
    trace: &'t mut T,
}

impl<T: Trace> Verdict<'_, T> {
    /// Returns whether the next condition must be evaluated.
    fn open(&self) -> bool {
        T::GOES_ON || self.decided.is_none()
    }

    #[inline]
    fn add(&mut self, condition: Evaluated, outcome: Result<Outcome>) {
        self.trace.condition(condition, &outcome, self.decided.is_some());
        if self.decided.is_some() {
            return;
        }
        match outcome {
            Ok(Outcome::Holds) if self.any_of => self.decided = Some(Ok(true)),
            Ok(Outcome::Holds) => self.held = true,
            Ok(Outcome::Fails) if !self.any_of => self.decided = Some(Ok(false)),
            Ok(Outcome::Fails | Outcome::Ignored) => {}
            Err(error) => self.decided = Some(Err(error)),
        }
    }
}

fn outcome(holds: bool) -> Outcome {
    if holds { Outcome::Holds } else { Outcome::Fails }
}

fn not_a_pattern(role: PatternRole, error: &go_regexp::Error) -> Error {
    Error::new(ErrorKind::HookFile, Cause::Pattern { role, pattern: None, error: error.clone() })
}
