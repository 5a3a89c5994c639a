//! The interpreter that the first line of a program names (execve(2)).

use std::ffi::OsStr;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::limits::SHEBANG;
use crate::program::{Shebang, shebang};
use crate::sys::{Root, Status};

/// Returns the interpreter of the regular file at this path, if it has one. `status` is the result
/// of lstat(2): if another file has replaced the file since, it is not read.
pub(super) fn interpreter(
    root: &Root,
    path: &Path,
    status: &Status,
) -> io::Result<Option<PathBuf>> {
    let file = root.open_to_read(path)?;
    let opened = Status::of_file(&file)?;
    if (opened.device, opened.inode) != (status.device, status.inode) || !opened.is_file() {
        return Err(io::Error::from_raw_os_error(libc::ESTALE));
    }
    let mut start = Vec::new();
    file.take(SHEBANG as u64).read_to_end(&mut start)?;
    Ok(named(&start).map(|name| PathBuf::from(OsStr::from_bytes(name))))
}

/// Returns the interpreter that the start of a program names.
fn named(start: &[u8]) -> Option<&[u8]> {
    match shebang(start)? {
        Shebang::Line { interpreter, .. } => Some(interpreter).filter(|name| !name.is_empty()),
        Shebang::Empty | Shebang::TooLong => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_word_is_the_interpreter() {
        let long = [b"#!/".to_vec(), vec![b'x'; 300]].concat();
        for (start, want) in [
            (&b"#!/bin/sh\n"[..], Some(&b"/bin/sh"[..])),
            (b"#! \t/usr/bin/env python3\n", Some(b"/usr/bin/env")),
            (b"#!/bin/sh", Some(b"/bin/sh")),
            (b"#!/bin/sh\0x\n", Some(b"/bin/sh")),
            (b"#!sh -e\n", Some(b"sh")),
            (b"#!/bin/sh\r\n", Some(b"/bin/sh\r")),
            (b"#!\n/bin/sh\n", None),
            (b"#!  ", None),
            (b"#", None),
            (b"", None),
            (b" #!/bin/sh\n", None),
            (b"\x7fELF", None),
            (&long[..256], None),
            (&long[..255], Some(&long[2..255])),
        ] {
            assert_eq!(named(start), want, "{start:?}");
        }
    }

    #[test]
    fn a_file_that_replaced_the_program_is_not_read() {
        let [one, two] = [(); 2].map(|()| tempfile::NamedTempFile::new().unwrap());
        std::fs::write(one.path(), "#!/bin/sh\n").unwrap();
        let status = |path| Status::of_link(path).unwrap();
        assert_eq!(
            interpreter(&Root::default(), one.path(), &status(one.path())).unwrap(),
            Some("/bin/sh".into())
        );
        let error = interpreter(&Root::default(), one.path(), &status(two.path())).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::ESTALE));
    }
}
