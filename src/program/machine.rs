//! The kinds of machines that programs are for.

use object::elf;

/// The kind of machine that an ELF file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Machine {
    pub is_64: bool,
    pub is_little: bool,
    /// A number of the ELF specification (`EM_*`).
    pub number: u16,
}

impl Machine {
    /// Returns the machine that this library was built for; `None` if this module does not know it.
    pub fn here() -> Option<Machine> {
        let number = if cfg!(target_arch = "x86_64") {
            elf::EM_X86_64
        } else if cfg!(target_arch = "x86") {
            elf::EM_386
        } else if cfg!(target_arch = "aarch64") {
            elf::EM_AARCH64
        } else if cfg!(target_arch = "arm") {
            elf::EM_ARM
        } else if cfg!(any(target_arch = "riscv64", target_arch = "riscv32")) {
            elf::EM_RISCV
        } else if cfg!(target_arch = "powerpc64") {
            elf::EM_PPC64
        } else if cfg!(target_arch = "powerpc") {
            elf::EM_PPC
        } else if cfg!(target_arch = "s390x") {
            elf::EM_S390
        } else if cfg!(target_arch = "loongarch64") {
            elf::EM_LOONGARCH
        } else {
            return None;
        };
        let is_64 = cfg!(target_pointer_width = "64");
        Some(Machine { is_64, is_little: cfg!(target_endian = "little"), number })
    }

    /// Returns whether this machine runs programs of the other one. Where two machines often run
    /// each other's programs, both do.
    pub fn runs(self, other: Machine) -> bool {
        let family = |machine: Machine| match machine.number {
            elf::EM_386 => elf::EM_X86_64,
            elf::EM_ARM => elf::EM_AARCH64,
            elf::EM_PPC => elf::EM_PPC64,
            number => number,
        };
        family(self) == family(other) && self.is_little == other.is_little
    }

    /// Returns the name.
    pub fn name(self) -> String {
        // (The third: whether the machine is usually little-endian, if one of both is usual.)
        let (name, usual) = match (self.number, self.is_64) {
            (elf::EM_X86_64, true) => ("x86-64", true),
            (elf::EM_X86_64, false) => ("x32", true),
            (elf::EM_386, _) => ("i386", true),
            (elf::EM_AARCH64, _) => ("AArch64", true),
            (elf::EM_ARM, _) => ("ARM", true),
            (elf::EM_RISCV, true) => ("RISC-V 64", true),
            (elf::EM_RISCV, false) => ("RISC-V 32", true),
            (elf::EM_PPC64, _) => ("PowerPC 64", false),
            (elf::EM_PPC, _) => ("PowerPC", false),
            (elf::EM_S390, true) => ("s390x", false),
            (elf::EM_S390, false) => ("s390", false),
            (elf::EM_MIPS, _) => ("MIPS", false),
            (elf::EM_SPARC | elf::EM_SPARCV9 | elf::EM_SPARC32PLUS, _) => ("SPARC", false),
            (elf::EM_LOONGARCH, _) => ("LoongArch 64", true),
            (elf::EM_IA_64, _) => ("Itanium", true),
            (number, _) => return format!("machine {number} of the ELF specification"),
        };
        match self.is_little {
            is_little if is_little == usual => name.to_owned(),
            true => format!("{name} (little-endian)"),
            false => format!("{name} (big-endian)"),
        }
    }

    /// Returns the directories of libraries for this machine in Debian's scheme, below `lib`.
    pub fn multiarch(self) -> &'static [&'static str] {
        match (self.number, self.is_64) {
            (elf::EM_X86_64, true) => &["x86_64-linux-gnu"],
            (elf::EM_X86_64, false) => &["x86_64-linux-gnux32"],
            (elf::EM_386, _) => &["i386-linux-gnu"],
            (elf::EM_AARCH64, _) => &["aarch64-linux-gnu"],
            (elf::EM_ARM, _) => &["arm-linux-gnueabihf", "arm-linux-gnueabi"],
            (elf::EM_RISCV, true) => &["riscv64-linux-gnu"],
            (elf::EM_PPC64, _) => &["powerpc64le-linux-gnu", "powerpc64-linux-gnu"],
            (elf::EM_PPC, _) => &["powerpc-linux-gnu"],
            (elf::EM_S390, true) => &["s390x-linux-gnu"],
            (elf::EM_LOONGARCH, _) => &["loongarch64-linux-gnu"],
            (elf::EM_MIPS, true) => &["mips64el-linux-gnuabi64", "mips64-linux-gnuabi64"],
            (elf::EM_MIPS, false) => &["mipsel-linux-gnu", "mips-linux-gnu"],
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machines_have_names() {
        let machine = |number, is_64, is_little| Machine { is_64, is_little, number };
        for (machine, want) in [
            (machine(elf::EM_X86_64, true, true), "x86-64"),
            (machine(elf::EM_X86_64, false, true), "x32"),
            (machine(elf::EM_S390, true, false), "s390x"),
            (machine(elf::EM_AARCH64, true, false), "AArch64 (big-endian)"),
            (machine(elf::EM_PPC64, true, true), "PowerPC 64 (little-endian)"),
            (machine(4711, true, true), "machine 4711 of the ELF specification"),
        ] {
            assert_eq!(machine.name(), want);
        }
    }

    #[test]
    fn this_test_runs_here() {
        let file = std::fs::read("/proc/self/exe").unwrap();
        let number = u16::from_ne_bytes([file[18], file[19]]);
        let ours = Machine { is_64: file[4] == 2, is_little: file[5] == 1, number };
        assert_eq!(Machine::here(), Some(ours));
        assert!(ours.runs(ours));
        assert!(!ours.runs(Machine { is_little: !ours.is_little, ..ours }));
        assert!(!ours.runs(Machine { number: elf::EM_SPARC, ..ours }));
    }
}
