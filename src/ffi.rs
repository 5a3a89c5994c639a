//! Functions that only the C API needs: for its binary request format, and for arguments as JSON.

use std::collections::BTreeMap;

use crate::container::Container;
use crate::exec::RunOptions;
use crate::hook::{Notes, Wanted, decode_1_0_0};
use crate::limits;
use crate::list::Listing;
use crate::position::Position;
use crate::problem::{Error, Result, check_limit};
use crate::sys::Root;
use crate::validate::{Validator, nil_hook};

/// Decodes the binary request of `hooks_snapshot_match`, which the C header describes.
///
/// # Errors
/// [`ErrorKind::InvalidArgument`](crate::ErrorKind::InvalidArgument) if it is malformed.
pub fn container(request: &[u8], has_bind_mounts: bool) -> Result<Container<'_>> {
    Container::from_request(request, has_bind_mounts)
}

/// Validates a hook of version 1.0.0 given as JSON. An error has its position in `hook_json`.
///
/// # Errors
/// Those of [`Hook::validate`](crate::Hook::validate), and
/// [`ErrorKind::Json`](crate::ErrorKind::Json) if `hook_json` does not decode as a hook.
pub fn validate(hook_json: &str, extension_stages: &[&str]) -> Result<()> {
    let text = hook_json.as_bytes();
    check_limit("bytes of the hook", text.len(), limits::HOOK_FILE)?;
    let stages: Vec<String> = extension_stages.iter().map(|stage| (*stage).to_owned()).collect();
    crate::options::check_extension_stages(&stages)?;
    let decoded =
        decode_1_0_0(text, Notes::new(Wanted::Notes)).map_err(|error| error.in_argument(text))?;
    let decoded = decoded.ok_or_else(nil_hook)?;
    match Validator::new(&stages, &Root::default()).validate(&decoded.hook) {
        Ok(_) => Ok(()),
        Err(invalid) => {
            let offset = invalid.field.as_ref().and_then(|field| decoded.place(field));
            let position = offset.map(|offset| Position::of(text, offset));
            Err(Error::from(invalid).with_position(position))
        }
    }
}

/// Sets how long to wait for a hook that was killed, in nanoseconds. A negative number means 0; the
/// error message still shows it, as in the Go package.
pub fn post_kill_timeout(options: RunOptions<'_>, nanoseconds: i64) -> RunOptions<'_> {
    crate::exec::post_kill_timeout(options, nanoseconds)
}

/// Returns the hooks of a listing as a JSON object: `{file name: hook}`.
pub fn by_name_to_json(listing: &Listing) -> String {
    let by_name: BTreeMap<&str, _> =
        listing.hooks.iter().map(|listed| (listed.name.as_str(), &listed.hook)).collect();
    crate::go::json::to_string(&by_name)
}
