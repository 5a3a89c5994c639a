//! ELF files, as small as the checks of programs allow. No kernel runs them.
// Each test binary uses only a part of it.
#![allow(dead_code)]

/// The address of the file's first byte in memory. It differs from its offset.
const BASE: u64 = 0x10000;

const ET_DYN: u16 = 3;
const PT_LOAD: u32 = 1;
const PT_DYNAMIC: u32 = 2;
const PT_INTERP: u32 = 3;
const DT_NEEDED: u64 = 1;
const DT_STRTAB: u64 = 5;
const DT_SONAME: u64 = 14;
const DT_RPATH: u64 = 15;
const DT_RUNPATH: u64 = 29;

/// The content of an ELF file.
#[derive(Debug, Clone, Default)]
pub struct Elf {
    pub is_64: bool,
    pub is_little: bool,
    /// `EM_*`
    pub machine: u16,
    /// The dynamic loader.
    pub loader: &'static str,
    pub needed: &'static [&'static str],
    pub rpath: &'static str,
    pub runpath: &'static str,
    pub soname: &'static str,
}

/// Returns a program or library for this machine, without a loader or libraries.
pub fn ours() -> Elf {
    let this = std::fs::read("/proc/self/exe").unwrap();
    let machine = u16::from_ne_bytes([this[18], this[19]]);
    of_machine(this[4] == 2, this[5] == 1, machine)
}

pub fn of_machine(is_64: bool, is_little: bool, machine: u16) -> Elf {
    Elf { is_64, is_little, machine, ..Elf::default() }
}

impl Elf {
    pub fn loader(self, loader: &'static str) -> Elf {
        Elf { loader, ..self }
    }

    pub fn needed(self, needed: &'static [&'static str]) -> Elf {
        Elf { needed, ..self }
    }

    pub fn rpath(self, rpath: &'static str) -> Elf {
        Elf { rpath, ..self }
    }

    pub fn runpath(self, runpath: &'static str) -> Elf {
        Elf { runpath, ..self }
    }

    pub fn soname(self, soname: &'static str) -> Elf {
        Elf { soname, ..self }
    }

    /// Returns the file: its header, three program headers, strings and the dynamic section.
    pub fn bytes(&self) -> Vec<u8> {
        let (header_size, segment_size) = if self.is_64 { (64, 56) } else { (52, 32) };
        let mut strings = vec![0];
        let mut add = |text: &str| {
            let at = strings.len() as u64;
            strings.extend(text.bytes().chain([0]));
            at
        };
        let loader = add(self.loader);
        let mut entries: Vec<(u64, u64)> =
            self.needed.iter().map(|name| (DT_NEEDED, add(name))).collect();
        for (tag, text) in
            [(DT_RPATH, self.rpath), (DT_RUNPATH, self.runpath), (DT_SONAME, self.soname)]
        {
            if !text.is_empty() {
                entries.push((tag, add(text)));
            }
        }
        let strings_at = header_size + 3 * segment_size;
        let dynamic_at = strings_at + strings.len() as u64;
        entries.extend([(DT_STRTAB, BASE + strings_at), (0, 0)]);
        let mut dynamic = Vec::new();
        for (tag, value) in entries {
            self.word(&mut dynamic, tag);
            self.word(&mut dynamic, value);
        }
        let size = dynamic_at + dynamic.len() as u64;

        let mut file = b"\x7fELF".to_vec();
        file.extend([1 + u8::from(self.is_64), 2 - u8::from(self.is_little), 1]);
        file.resize(16, 0);
        self.half(&mut file, ET_DYN);
        self.half(&mut file, self.machine);
        self.int(&mut file, 1);
        for value in [BASE, header_size, 0] {
            self.word(&mut file, value);
        }
        self.int(&mut file, 0);
        for value in [header_size, segment_size, 3, 0, 0, 0] {
            self.half(&mut file, u16::try_from(value).unwrap());
        }
        let interp = if self.loader.is_empty() { 0 } else { PT_INTERP };
        self.segment(&mut file, PT_LOAD, 0, size);
        self.segment(&mut file, interp, strings_at + loader, self.loader.len() as u64 + 1);
        self.segment(&mut file, PT_DYNAMIC, dynamic_at, dynamic.len() as u64);
        assert_eq!(file.len() as u64, strings_at);
        file.extend(strings);
        file.extend(dynamic);
        file
    }

    fn segment(&self, to: &mut Vec<u8>, kind: u32, offset: u64, size: u64) {
        let read_and_execute = 5;
        self.int(to, kind);
        if self.is_64 {
            self.int(to, read_and_execute);
        }
        for value in [offset, BASE + offset, BASE + offset, size, size] {
            self.word(to, value);
        }
        if !self.is_64 {
            self.int(to, read_and_execute);
        }
        self.word(to, 1);
    }

    fn half(&self, to: &mut Vec<u8>, value: u16) {
        to.extend(if self.is_little { value.to_le_bytes() } else { value.to_be_bytes() });
    }

    fn int(&self, to: &mut Vec<u8>, value: u32) {
        to.extend(if self.is_little { value.to_le_bytes() } else { value.to_be_bytes() });
    }

    fn word(&self, to: &mut Vec<u8>, value: u64) {
        match (self.is_64, self.is_little) {
            (true, true) => to.extend(value.to_le_bytes()),
            (true, false) => to.extend(value.to_be_bytes()),
            (false, _) => self.int(to, u32::try_from(value).unwrap()),
        }
    }
}
