//! What only the C API needs: its wire formats, and arguments that are JSON.

use std::collections::BTreeMap;

use crate::container::Container;
use crate::exec::RunOptions;
use crate::hook::{Notes, Wanted, decode_1_0_0};
use crate::limits;
use crate::list::Listing;
use crate::position::Position;
use crate::problem::{Error, Result, check_limit};
use crate::validate::{Validator, nil_hook};

/// Decodes the flat request of `hooks_snapshot_match`; the C header describes it.
///
/// # Errors
/// [`ErrorKind::InvalidArgument`](crate::ErrorKind::InvalidArgument) if it is malformed.
pub fn container(request: &[u8], has_bind_mounts: bool) -> Result<Container<'_>> {
    Container::from_request(request, has_bind_mounts)
}

/// Validates a hook of version 1.0.0, given as JSON; an error has a place in that text.
///
/// # Errors
/// As [`Hook::validate`](crate::Hook::validate), and [`ErrorKind::Json`](crate::ErrorKind::Json) if
/// it is not JSON of a hook's shape.
pub fn validate(hook_json: &str, extension_stages: &[&str]) -> Result<()> {
    let text = hook_json.as_bytes();
    check_limit("bytes of the hook", text.len(), limits::HOOK_FILE)?;
    let stages: Vec<String> = extension_stages.iter().map(|stage| (*stage).to_owned()).collect();
    crate::options::check_extension_stages(&stages)?;
    let decoded =
        decode_1_0_0(text, Notes::new(Wanted::Notes)).map_err(|error| error.in_argument(text))?;
    let decoded = decoded.ok_or_else(nil_hook)?;
    match Validator::new(&stages).validate(&decoded.hook) {
        Ok(_) => Ok(()),
        Err(invalid) => {
            let offset = invalid.field.as_ref().and_then(|field| decoded.place(field));
            let position = offset.map(|offset| Position::of(text, offset));
            Err(Error::from(invalid).with_position(position))
        }
    }
}

/// How long to wait for a hook that was killed, in nanoseconds; less than nothing says no more than
/// nothing, but in the error's text, as the Go package has it.
pub fn post_kill_timeout(options: RunOptions<'_>, nanoseconds: i64) -> RunOptions<'_> {
    crate::exec::post_kill_timeout(options, nanoseconds)
}

/// The hooks of a listing by the names of their files, as JSON: `{file name: hook}`.
pub fn by_name_to_json(listing: &Listing) -> String {
    let by_name: BTreeMap<&str, _> =
        listing.hooks.iter().map(|listed| (listed.name.as_str(), &listed.hook)).collect();
    crate::go::json::to_string(&by_name)
}
