//! Conversion of hooks of version 0.1.0 to version 1.0.0.
//!
//! A hook of version 0.1.0 runs if one of its conditions holds; in version 1.0.0 all must hold. So
//! a hook has an equivalent if at most one of its conditions can hold.

use std::fmt;

use crate::hook::{Hook, When};

/// The reason why a hook of version 0.1.0 has no equivalent of version 1.0.0: it has several
/// conditions, and each can hold without the other ones.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NoEquivalent {
    /// The keys of the conditions, always in the plural spelling: `hasbindmounts`, `annotations`,
    /// `cmds`.
    pub conditions: Vec<&'static str>,
}

impl fmt::Display for NoEquivalent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.conditions.join(", ");
        write!(
            f,
            "in version 0.1.0, one of the conditions ({keys}) is enough; in version 1.0.0, all \
             must hold, so no such file matches the same containers"
        )
    }
}

impl std::error::Error for NoEquivalent {}

impl Hook {
    /// Returns the equivalent hook of version 1.0.0 for this hook of version 0.1.0, which
    /// [`Hook::decode`] returned: both have the same verdict, or the same error, for each
    /// container. A hook of version 1.0.0 is returned unchanged. The hook need not be valid.
    ///
    /// # Errors
    /// If there is no equivalent. (A pattern that can never match counts like any other.)
    pub fn migrate(&self) -> Result<Hook, NoEquivalent> {
        if !self.when.any_of {
            return Ok(self.clone());
        }
        let old = &self.when;
        // `false` never holds, so it changes nothing in addition to other conditions.
        let bind_mounts = old.has_bind_mounts == Some(true);
        let conditions = [
            ("hasbindmounts", bind_mounts),
            ("annotations", !old.annotations.is_empty()),
            ("cmds", !old.commands.is_empty()),
        ];
        let conditions: Vec<&str> =
            conditions.into_iter().filter(|(_, given)| *given).map(|(key, _)| key).collect();
        let when = match &conditions[..] {
            [] => When { always: Some(false), ..When::default() },
            [_] => When {
                has_bind_mounts: bind_mounts.then_some(true),
                annotations: old.annotations.clone(),
                commands: old.commands.clone(),
                ..When::default()
            },
            _ => return Err(NoEquivalent { conditions }),
        };
        Ok(Hook { when, ..self.clone() })
    }
}
