//! STUB
pub(crate) fn text(errno: i32) -> String {
    format!("errno {errno}")
}
pub(crate) fn of(error: &std::io::Error) -> i32 {
    error.raw_os_error().unwrap_or(libc::EINVAL)
}
