//! Reading values of a wanted type: what becomes of one that has another.

use std::fmt::Display;

use super::error::JsonError;
use super::kind::Kind;
use super::read::JsonReader;
use crate::limits::ENOUGH;

impl JsonReader<'_> {
    /// From now on a value of a wrong type counts as `null`, and is noted.
    pub fn note_wrong_types(&mut self) {
        self.wrong = Some(Vec::new());
    }

    /// Whether the value at this offset was noted last.
    pub fn has_noted(&self, offset: usize) -> bool {
        self.wrong.as_ref().and_then(|wrong| wrong.last()).is_some_and(|last| last.offset == offset)
    }

    /// What was noted.
    pub fn into_wrong_types(self) -> Vec<JsonError> {
        self.wrong.unwrap_or_default()
    }

    /// A value is of a wrong type.
    #[cold]
    pub fn wrong_type(&mut self, error: JsonError) -> Result<(), JsonError> {
        let Some(wrong) = &mut self.wrong else { return Err(error) };
        // Of more than enough the last one is known, as `has_noted` needs it.
        wrong.truncate(ENOUGH - 1);
        wrong.push(error);
        Ok(())
    }

    /// True before a value of this type; false before `null`, which is read; else an error that
    /// names the value `name`.
    pub fn given(&mut self, wanted: Kind, name: &dyn Display) -> Result<bool, JsonError> {
        if self.is_before(wanted) {
            return Ok(true);
        }
        match self.peek()? {
            Kind::Null => {
                self.skip()?;
                Ok(false)
            }
            found => {
                self.wrong_type(JsonError::wrong_type(self.offset(), name, wanted, found))?;
                self.skip()?;
                Ok(false)
            }
        }
    }
}
