//! The operations of an engine on a manager and a config.

#![allow(dead_code)] // Each test binary uses only a part of it.

use libhooks::{
    Annotations, Config, Container, Diagnostic, Explanation, Injection, Manager, Result, When,
};

/// The annotations and bind mounts that the engine passes. They replace those of the config.
#[derive(Clone, Copy, Default)]
pub struct Known<'a> {
    pub annotations: Option<&'a Annotations>,
    pub has_bind_mounts: Option<bool>,
}

impl<'a> Known<'a> {
    pub fn annotations(annotations: Option<&'a Annotations>) -> Known<'a> {
        Known { annotations, has_bind_mounts: None }
    }

    /// Returns the container of a config, with the values that the engine passes.
    pub fn of<'c>(self, config: &'c Config<'_>) -> Container<'c>
    where
        'a: 'c,
    {
        config.container().annotations(self.annotations).bind_mounts(self.has_bind_mounts)
    }
}

/// Injects into a config.
pub fn inject(manager: &Manager, config: &str, known: Known<'_>) -> Result<Injection> {
    let config = Config::parse(config)?;
    Ok(manager.select(&known.of(&config))?.inject(&config))
}

/// Returns the warnings about hooks that the config already has.
pub fn already_present(
    manager: &Manager,
    config: &str,
    known: Known<'_>,
) -> Result<Vec<Diagnostic>> {
    let config = Config::parse(config)?;
    Ok(manager.select(&known.of(&config))?.already_present(&config))
}

/// Explains the hooks for a config.
pub fn explain(manager: &Manager, config: &str, known: Known<'_>) -> Result<Explanation> {
    let config = Config::parse(config)?;
    let container = known.of(&config);
    container.check()?;
    Ok(manager.explain(&container))
}

/// Returns whether conditions match a config.
pub fn when_matches(when: &str, config: &str, known: Known<'_>) -> Result<bool> {
    let when = When::from_json(when)?;
    when.matches(&known.of(&Config::parse(config)?))
}
