//! What an engine does with a manager and a config.

#![allow(dead_code)] // Each test binary uses a part of it.

use libhooks::{
    Annotations, Config, Container, Diagnostic, Explanation, Injection, Manager, Result, When,
};

/// The annotations and bind mounts that the engine gives, which count in place of those of the
/// config.
#[derive(Clone, Copy, Default)]
pub struct Known<'a> {
    pub annotations: Option<&'a Annotations>,
    pub has_bind_mounts: Option<bool>,
}

impl<'a> Known<'a> {
    pub fn annotations(annotations: Option<&'a Annotations>) -> Known<'a> {
        Known { annotations, has_bind_mounts: None }
    }

    /// The container of a config, with what the engine gives.
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

/// The warnings about hooks that the config holds already.
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

/// Whether conditions hold for a config.
pub fn when_matches(when: &str, config: &str, known: Known<'_>) -> Result<bool> {
    let when = When::from_json(when)?;
    when.matches(&known.of(&Config::parse(config)?))
}
