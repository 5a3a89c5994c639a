//! Reading values of a wanted type, and handling values of other types.

use std::fmt::Display;

use super::error::JsonError;
use super::kind::Kind;
use super::read::JsonReader;
use crate::limits::ENOUGH;

impl JsonReader<'_> {
    /// Makes the reader note each value of a wrong type and treat it as `null`, from now on.
    pub fn note_wrong_types(&mut self) {
        self.wrong = Some(Vec::new());
    }

    /// Returns whether the value at this offset is the last one noted.
    pub fn has_noted(&self, offset: usize) -> bool {
        self.wrong.as_ref().and_then(|wrong| wrong.last()).is_some_and(|last| last.offset == offset)
    }

    /// Returns the errors that were noted.
    pub fn into_wrong_types(self) -> Vec<JsonError> {
        self.wrong.unwrap_or_default()
    }

    /// Notes a value of a wrong type, or returns the error if errors are not noted.
    #[cold]
    pub fn wrong_type(&mut self, error: JsonError) -> Result<(), JsonError> {
        let Some(wrong) = &mut self.wrong else { return Err(error) };
        // Beyond the limit, the newest error replaces the last one, since `has_noted` needs it.
        wrong.truncate(ENOUGH - 1);
        wrong.push(error);
        Ok(())
    }

    /// Returns true if the next value is of this type, and false if it is `null`, which is read.
    /// Otherwise fails with an error that calls the value `name`.
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
