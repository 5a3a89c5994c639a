//! The first line of a script, as the kernel reads it (fs/binfmt_script.c).

use crate::limits::SHEBANG;

/// The first line of a script.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Shebang<'s> {
    /// The interpreter, and its argument. `is_cut`: the line is longer than what the kernel reads.
    Line { interpreter: &'s [u8], argument: Option<&'s [u8]>, is_cut: bool },
    /// There is nothing after `#!`.
    Empty,
    /// The name of the interpreter does not end within what the kernel reads.
    TooLong,
}

/// Returns the first line of the file that starts with these bytes; `None` if it does not start
/// with `#!`. Only the bytes that the kernel reads count.
pub(crate) fn shebang(start: &[u8]) -> Option<Shebang<'_>> {
    let start = start.get(..SHEBANG).unwrap_or(start);
    let line = start.strip_prefix(b"#!")?;
    // A file that is shorter than the kernel's buffer ends in NUL there.
    let has_nul = start.len() < SHEBANG || line.contains(&0);
    let ends = |byte: &u8| matches!(byte, b'\n' | 0);
    let end = line.iter().position(ends);
    let is_cut = end.is_none() && !has_nul;
    let line = match end {
        Some(end) => line.get(..end)?,
        None if has_nul => line,
        None => {
            let name = trim_start(line);
            if !name.is_empty() && !name.iter().any(is_space_or_tab) {
                return Some(Shebang::TooLong);
            }
            // The kernel writes a NUL over the last byte.
            line.split_last()?.1
        }
    };
    let is_line = end.is_some_and(|end| start.get(2 + end) == Some(&b'\n'));
    let line = trim_start(trim_end(line));
    if line.is_empty() && (is_line || is_cut) {
        return Some(Shebang::Empty);
    }
    let end = line.iter().position(is_space_or_tab).unwrap_or(line.len());
    let (interpreter, rest) = line.split_at_checked(end)?;
    let argument = Some(trim_start(rest)).filter(|argument| !argument.is_empty());
    Some(Shebang::Line { interpreter, argument, is_cut })
}

fn is_space_or_tab(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

fn trim_start(bytes: &[u8]) -> &[u8] {
    let count = bytes.iter().take_while(|byte| is_space_or_tab(byte)).count();
    bytes.get(count..).unwrap_or_default()
}

fn trim_end(bytes: &[u8]) -> &[u8] {
    let count = bytes.iter().rev().take_while(|byte| is_space_or_tab(byte)).count();
    bytes.get(..bytes.len() - count).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line<'s>(interpreter: &'s [u8], argument: Option<&'s [u8]>) -> Option<Shebang<'s>> {
        Some(Shebang::Line { interpreter, argument, is_cut: false })
    }

    #[test]
    fn the_first_line_is_split_as_the_kernel_does() {
        for (start, want) in [
            (&b"#!/bin/sh\n"[..], line(b"/bin/sh", None)),
            (b"#!/bin/sh", line(b"/bin/sh", None)),
            (b"#! \t/bin/sh \t-e -u \t\nx", line(b"/bin/sh", Some(b"-e -u"))),
            (b"#!/bin/sh\r\n", line(b"/bin/sh\r", None)),
            (b"#!/bin/sh\0x -e\n", line(b"/bin/sh", None)),
            (b"#!sh -e\n", line(b"sh", Some(b"-e"))),
            // (The kernel opens the path "", and there is no such file.)
            (b"#!", line(b"", None)),
            (b"#! ", line(b"", None)),
            (b"#!\n", Some(Shebang::Empty)),
            (b"#! \t\n", Some(Shebang::Empty)),
            (b"#", None),
            (b"", None),
            (b" #!/bin/sh\n", None),
        ] {
            assert_eq!(shebang(start), want, "{start:?}");
        }
    }

    #[test]
    fn a_long_line_loses_its_end() {
        let long = |text: &str, last: &str| {
            let mut line = text.as_bytes().to_vec();
            line.resize(300, b'x');
            line.truncate(300);
            [&line[..], last.as_bytes()].concat()
        };
        assert_eq!(shebang(&long("#!/", "\n")), Some(Shebang::TooLong));
        let line = long("#!/bin/sh ", "\n");
        let Some(Shebang::Line { argument: Some(argument), is_cut: true, .. }) = shebang(&line)
        else {
            panic!("the argument is cut");
        };
        assert_eq!(argument.len(), 255 - 10);
        // 254 bytes, and a newline within the 256.
        let fits = long("#!/", "")[..255].to_vec();
        assert!(matches!(shebang(&fits), Some(Shebang::Line { is_cut: false, .. })));
    }
}
