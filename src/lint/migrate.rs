//! From version 0.1.0 of hook files to 1.0.0.
//!
//! Of the conditions of a 0.1.0 file any one is enough, of those of a 1.0.0 file all must hold. So
//! a file has an equivalent where no more than one of them can hold.

use std::fmt;

use crate::hook::{Hook, When};

/// Why a hook of version 0.1.0 has no equivalent of version 1.0.0: it has several conditions, each
/// of which may hold where the others do not.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NoEquivalent {
    /// Their keys, in the plural, whichever of its two spellings the file has: `hasbindmounts`,
    /// `annotations`, `cmds`.
    pub conditions: Vec<&'static str>,
}

impl fmt::Display for NoEquivalent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.conditions.join(", ");
        write!(
            f,
            "any one of its conditions ({keys}) is enough, since it is of version 0.1.0; in version 1.0.0 all of them \
             would have to hold, so no file of it is for the same containers"
        )
    }
}

impl std::error::Error for NoEquivalent {}

impl Hook {
    /// Returns the hook of version 1.0.0 that does the same as this one, which [`Hook::decode`]
    /// made of a file of version 0.1.0: for each container they have the same verdict, or the
    /// same error. One of version 1.0.0 stays as it is. It need not be valid.
    ///
    /// # Errors
    /// If there is none. (A pattern that matches no text whatever is not told from others.)
    pub fn migrate(&self) -> Result<Hook, NoEquivalent> {
        if !self.when.any_of {
            return Ok(self.clone());
        }
        let old = &self.when;
        // `false` never holds, so that beside others it changes nothing.
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
