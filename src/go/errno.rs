//! What Go calls the errors of the system, which differ from what the C library calls them (`strerror`).

use std::borrow::Cow;

use super::errno_texts::TEXTS;

/// What Go calls an error.
pub(crate) fn errno_text(errno: i32) -> Cow<'static, str> {
    let known = usize::try_from(errno).ok().and_then(|errno| TEXTS.get(errno));
    match known.filter(|text| !text.is_empty()) {
        Some(text) => (*text).into(),
        None => format!("errno {errno}").into(),
    }
}
