//! Formats of programs that are registered with the kernel, as for qemu or Java (binfmt_misc in
//! the kernel's documentation).

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::files::contents;
use crate::limits::{REGISTERED, REGISTERED_ENTRY, SHEBANG};
use crate::sys::Root;

const DIRECTORY: &str = "/proc/sys/fs/binfmt_misc";

/// Returns whether a registered format is that of this file: by the end of its name, or by its
/// first bytes.
pub(super) fn is_registered(root: &Root, path: &Path, start: &[u8]) -> bool {
    let directory = Path::new(DIRECTORY);
    let Ok(mut listing) = root.open_directory(directory) else { return false };
    if contents(root, &directory.join("status"), REGISTERED_ENTRY)
        .is_ok_and(|status| status.starts_with(b"disabled"))
    {
        return false;
    }
    let mut left = REGISTERED;
    let mut next = || {
        listing.next(|name, _| {
            let is_entry = !matches!(name.as_bytes(), b"." | b".." | b"status" | b"register");
            is_entry.then(|| OsString::from(name))
        })
    };
    while let (Ok(Some(name)), true) = (next(), left > 0) {
        left -= 1;
        let entry = contents(root, &directory.join(name), REGISTERED_ENTRY);
        if entry.is_ok_and(|entry| matches(&entry, path, start)) {
            return true;
        }
    }
    false
}

/// Returns whether an entry, which is the text that the kernel shows, is enabled and matches.
fn matches(entry: &[u8], path: &Path, start: &[u8]) -> bool {
    let mut lines = entry.split(|byte| *byte == b'\n');
    if lines.next() != Some(b"enabled") {
        return false;
    }
    let value = |name: &str| {
        let mut lines = lines.clone();
        lines.find_map(|line| line.strip_prefix(name.as_bytes())?.strip_prefix(b" "))
    };
    if let Some(extension) = value("extension") {
        // (The kernel takes what comes after the last dot of the path.)
        let path = path.as_os_str().as_bytes();
        let end = path.iter().rposition(|byte| *byte == b'.').and_then(|dot| path.get(dot..));
        return end.is_some_and(|end| end == extension || end.get(1..) == Some(extension));
    }
    let (Some(offset), Some(magic)) = (value("offset"), value("magic").map(bytes)) else {
        return false;
    };
    let mask = value("mask").map(bytes).unwrap_or_default();
    let offset = std::str::from_utf8(offset).ok().and_then(|offset| offset.parse::<usize>().ok());
    // (The kernel's buffer is filled up with NUL.)
    let at = |index: usize| {
        let index = offset?.checked_add(index).filter(|index| *index < SHEBANG)?;
        Some(start.get(index).copied().unwrap_or(0))
    };
    !magic.is_empty()
        && magic.iter().enumerate().all(|(index, byte)| {
            let mask = mask.get(index).unwrap_or(&0xff);
            at(index).is_some_and(|found| (found ^ byte) & mask == 0)
        })
}

/// Returns the bytes of hexadecimal digits.
fn bytes(digits: &[u8]) -> Vec<u8> {
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    digits.chunks(2).map_while(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_match_by_extension_or_by_bytes() {
        let aarch64 = "enabled\ninterpreter /usr/bin/qemu-aarch64\nflags: OCF\noffset 0\n\
            magic 7f454c460201010000000000000000000200b700\n\
            mask ffffffffffffff00fffffffffffffffffeffffff\n";
        let mut program = b"\x7fELF\x02\x01\x01\x03".to_vec();
        program.resize(16, 0);
        program.extend(b"\x03\x00\xb7\x00");
        let other = [&program[..18], b"\x3e\x00"].concat();
        let short = &program[..18];
        let java = "enabled\ninterpreter /usr/bin/jexec\nflags: \nextension .jar\n";
        let late = "enabled\ninterpreter /x\nflags: \noffset 2\nmagic 6162\n";
        for (entry, path, start, want) in [
            (aarch64, "/x", &program[..], true),
            (aarch64, "/x", &other[..], false),
            (aarch64, "/x", short, false),
            (&aarch64.replace("enabled", "disabled"), "/x", &program[..], false),
            (java, "/srv/a.jar", b"PK", true),
            (java, "/srv/a.jar.sh", b"PK", false),
            (java, "/srv/jar", b"PK", false),
            (late, "/x", b"xxab", true),
            (late, "/x", b"abab", true),
            (late, "/x", b"ab", false),
            ("enabled\noffset 0\nmagic \n", "/x", b"ab", false),
            ("enabled\noffset 255\nmagic 6162\n", "/x", b"ab", false),
            ("enabled\noffset 18446744073709551615\nmagic 6162\n", "/x", b"ab", false),
            ("", "/x", b"ab", false),
        ] {
            assert_eq!(matches(entry.as_bytes(), Path::new(path), start), want, "{entry} {path}");
        }
    }
}
