//! The parts of an ELF file: its machine, segments, loader and libraries. The crate `object`
//! knows the formats; this module reads the parts of the file that are needed.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::FileExt;

use object::elf::{
    DT_NEEDED, DT_NULL, DT_RPATH, DT_RUNPATH, DT_SONAME, DT_STRTAB, ELFCLASS32, ELFCLASS64,
    ELFDATA2LSB, ELFDATA2MSB, ELFMAG, ET_DYN, ET_EXEC, FileHeader32, FileHeader64, PT_DYNAMIC,
    PT_INTERP, PT_LOAD,
};
use object::pod::{from_bytes, slice_from_bytes};
use object::read::elf::{Dyn, FileHeader, ProgramHeader};
use object::{Endianness, Pod};

use super::machine::Machine;
use crate::limits::{
    DYNAMIC_SECTION, LIBRARY_NAME, NAME_IN_PROGRAM, PROGRAM_HEADERS, PROGRAM_START,
};

/// A regular file, and its first bytes.
pub(super) struct Source {
    file: File,
    pub size: u64,
    pub start: Vec<u8>,
}

/// The reason why the parts of an ELF file cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ElfError {
    /// It is not an ELF file, or is one of an unknown kind.
    Other,
    /// The kernel does not run it: its type or its headers are not those of a program.
    NotAProgram,
    /// It should have at least this size.
    Truncated(u64),
    /// The system refuses to read it.
    Unreadable,
}

/// The headers of an ELF file.
pub(super) struct Elf {
    pub machine: Machine,
    kind: u16,
    headers: Headers,
}

/// Where the program headers are.
struct Headers {
    offset: u64,
    count: usize,
    /// The size of each, as the file says, and as it should be.
    sizes: (usize, usize),
    /// The size of the header before them.
    before: u64,
}

/// A program header.
pub(super) struct Segment {
    kind: u32,
    offset: u64,
    size: u64,
    address: u64,
}

/// The dynamic section.
#[derive(Default)]
pub(super) struct Dynamic {
    pub needed: Vec<OsString>,
    pub rpath: Option<OsString>,
    pub runpath: Option<OsString>,
    pub soname: Option<OsString>,
}

impl Source {
    /// Reads the first bytes of an open file.
    pub fn new(file: File, size: u64) -> io::Result<Source> {
        let mut source = Source { file, size, start: Vec::new() };
        source.start = source.read(0, PROGRAM_START)?;
        Ok(source)
    }

    pub fn file(&self) -> &File {
        &self.file
    }

    /// Reads up to this many bytes. There are fewer only at the end of the file.
    fn read(&self, offset: u64, size: usize) -> io::Result<Vec<u8>> {
        let at = usize::try_from(offset).unwrap_or(usize::MAX);
        if let Some(known) = self.start.get(at..at.saturating_add(size)) {
            return Ok(known.to_vec());
        }
        let left = usize::try_from(self.size.saturating_sub(offset)).unwrap_or(usize::MAX);
        let mut bytes = vec![0; size.min(left)];
        let mut done = 0;
        while let Some(space) = bytes.get_mut(done..).filter(|space| !space.is_empty()) {
            match self.file.read_at(space, offset.saturating_add(done as u64)) {
                Ok(0) => break,
                Ok(count) => done += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        bytes.truncate(done);
        Ok(bytes)
    }

    /// Reads a string that ends in NUL; `None` if it is too long or does not end.
    fn string(&self, offset: u64) -> Option<OsString> {
        let mut bytes = self.read(offset, NAME_IN_PROGRAM).ok()?;
        bytes.truncate(bytes.iter().position(|byte| *byte == 0)?);
        // (A program can have thousands of names.)
        bytes.shrink_to_fit();
        Some(OsString::from_vec(bytes))
    }

    /// Returns whether the file starts as ELF files do.
    pub fn is_elf(&self) -> bool {
        self.start.starts_with(&ELFMAG)
    }

    /// Reads the header of an ELF file.
    pub fn elf(&self) -> Result<Elf, ElfError> {
        if !self.is_elf() {
            return Err(ElfError::Other);
        }
        // The kernel's buffer is filled up with NUL.
        let mut start = [0; 64];
        start.iter_mut().zip(&self.start).for_each(|(to, from)| *to = *from);
        let [_, _, _, _, class, data, ..] = start;
        let endian = match data {
            ELFDATA2LSB => Endianness::Little,
            ELFDATA2MSB => Endianness::Big,
            _ => return Err(ElfError::Other),
        };
        match class {
            ELFCLASS32 => header::<FileHeader32<Endianness>>(&start, endian),
            ELFCLASS64 => header::<FileHeader64<Endianness>>(&start, endian),
            _ => Err(ElfError::Other),
        }
    }

    /// Reads the program headers of a program or a library.
    pub fn segments(&self, elf: &Elf) -> Result<Vec<Segment>, ElfError> {
        let Headers { offset, count, sizes: (said, size), before } = elf.headers;
        if said != size || count == 0 || count * size > PROGRAM_HEADERS {
            let is_cut = self.size < before;
            return Err(if is_cut { ElfError::Truncated(before) } else { ElfError::NotAProgram });
        }
        let end = offset.saturating_add((count * size) as u64);
        if end > self.size {
            return Err(ElfError::Truncated(end));
        }
        let bytes = self.read(offset, count * size).map_err(|_| ElfError::Unreadable)?;
        let endian = elf.endian();
        if elf.machine.is_64 {
            segments::<FileHeader64<Endianness>>(&bytes, count, endian)
        } else {
            segments::<FileHeader32<Endianness>>(&bytes, count, endian)
        }
    }

    /// Returns the path of the dynamic loader, if the program has one. `Err`: it is not readable.
    pub fn loader(&self, segments: &[Segment]) -> Result<Option<OsString>, ()> {
        match segments.iter().find(|segment| segment.kind == PT_INTERP) {
            None => Ok(None),
            Some(segment) => self.string(segment.offset).map(Some).ok_or(()),
        }
    }

    /// Reads the dynamic section. A file without one has no libraries. `None`: it is too large, or
    /// malformed.
    pub fn dynamic(&self, elf: &Elf, segments: &[Segment]) -> Option<Dynamic> {
        let Some(segment) = segments.iter().find(|segment| segment.kind == PT_DYNAMIC) else {
            return Some(Dynamic::default());
        };
        let size = usize::try_from(segment.size).ok().filter(|size| *size <= DYNAMIC_SECTION)?;
        let bytes = self.read(segment.offset, size).ok()?;
        let entries = if elf.machine.is_64 {
            entries::<FileHeader64<Endianness>>(&bytes, elf.endian())
        } else {
            entries::<FileHeader32<Endianness>>(&bytes, elf.endian())
        };
        let (_, address) = *entries.iter().find(|(tag, _)| *tag == DT_STRTAB)?;
        let strings = segments.iter().find_map(|segment| {
            let before = address.checked_sub(segment.address)?;
            let is_in = segment.kind == PT_LOAD && before < segment.size;
            is_in.then(|| segment.offset.checked_add(before)).flatten()
        })?;
        let mut dynamic = Dynamic::default();
        for (tag, value) in entries {
            let to = match tag {
                DT_NEEDED => None,
                DT_RPATH => Some(&mut dynamic.rpath),
                DT_RUNPATH => Some(&mut dynamic.runpath),
                DT_SONAME => Some(&mut dynamic.soname),
                _ => continue,
            };
            let text = self.string(strings.checked_add(value)?)?;
            match to {
                Some(to) if to.is_none() => *to = Some(text),
                Some(_) => return None,
                None if text.len() < LIBRARY_NAME => dynamic.needed.push(text),
                None => return None,
            }
        }
        Some(dynamic)
    }
}

impl Elf {
    /// Returns whether its type is that of a program or a library.
    pub fn is_program(&self) -> bool {
        matches!(self.kind, ET_EXEC | ET_DYN)
    }

    /// Returns where its header ends.
    pub fn header_end(&self) -> u64 {
        self.headers.before
    }

    fn endian(&self) -> Endianness {
        if self.machine.is_little { Endianness::Little } else { Endianness::Big }
    }
}

/// Returns the size that the file of these segments has at least.
pub(super) fn needed_size(segments: &[Segment]) -> u64 {
    let loaded = segments.iter().filter(|segment| segment.kind == PT_LOAD && segment.size > 0);
    loaded.map(|segment| segment.offset.saturating_add(segment.size)).max().unwrap_or_default()
}

fn header<H: FileHeader<Endian = Endianness>>(
    start: &[u8; 64],
    endian: Endianness,
) -> Result<Elf, ElfError> {
    let (header, _) = from_bytes::<H>(start).map_err(|()| ElfError::Other)?;
    let machine = Machine {
        is_64: header.is_type_64(),
        is_little: endian == Endianness::Little,
        number: header.e_machine(endian),
    };
    let sizes = (usize::from(header.e_phentsize(endian)), size_of::<H::ProgramHeader>());
    let headers = Headers {
        offset: header.e_phoff(endian).into(),
        count: usize::from(header.e_phnum(endian)),
        sizes,
        before: size_of::<H>() as u64,
    };
    Ok(Elf { machine, kind: header.e_type(endian), headers })
}

fn segments<H: FileHeader<Endian = Endianness>>(
    bytes: &[u8],
    count: usize,
    endian: Endianness,
) -> Result<Vec<Segment>, ElfError> {
    // (The file has just been shortened if they are not all there.)
    let (headers, _) =
        slice_from_bytes::<H::ProgramHeader>(bytes, count).map_err(|()| ElfError::Unreadable)?;
    let segment = |header: &H::ProgramHeader| Segment {
        kind: header.p_type(endian),
        offset: header.p_offset(endian).into(),
        size: header.p_filesz(endian).into(),
        address: header.p_vaddr(endian).into(),
    };
    Ok(headers.iter().map(segment).collect())
}

/// Returns the tags and values of a dynamic section, up to its end.
fn entries<H: FileHeader<Endian = Endianness>>(bytes: &[u8], endian: Endianness) -> Vec<(u32, u64)>
where
    H::Dyn: Pod,
{
    let count = bytes.len() / size_of::<H::Dyn>();
    let entries = slice_from_bytes::<H::Dyn>(bytes, count).map_or(&[][..], |(entries, _)| entries);
    let entry = |entry: &H::Dyn| {
        // (No tag that counts here has more than 32 bits.)
        let tag = u32::try_from(entry.d_tag(endian).into()).unwrap_or(u32::MAX);
        (tag, entry.d_val(endian).into())
    };
    entries.iter().map(entry).take_while(|(tag, _)| *tag != DT_NULL).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_take_no_more_memory_than_their_length() {
        let file = File::open("/proc/self/exe").unwrap();
        let size = file.metadata().unwrap().len();
        let source = Source::new(file, size).unwrap();
        let elf = source.elf().unwrap();
        let segments = source.segments(&elf).unwrap();
        let needed = source.dynamic(&elf, &segments).unwrap().needed;
        assert!(needed.iter().all(|name| name.capacity() < 64), "{needed:?}");
    }
}
