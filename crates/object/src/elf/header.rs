//! The ELF header: is this a relocatable little-endian BPF object at all?

use object::elf;
use object::read::elf::FileHeader as _;

use super::{Header, LE};
use crate::error::{ObjectError, ObjectErrorKind, Place};

/// Checks the identification before anything else is looked at, so that the message names the real reason.
pub(super) fn check(bytes: &[u8]) -> Result<&Header, ObjectError> {
    let error = |kind, offset, found: String| ObjectError::new(kind, Place::file(offset), found);
    if bytes.is_empty() {
        return Err(ObjectError::new(
            ObjectErrorKind::NotElf,
            Place::default(),
            "the file is empty",
        ));
    }
    let Some(ident) = bytes.strip_prefix(&elf::ELFMAG).and_then(|rest| rest.first_chunk::<2>())
    else {
        return Err(error(ObjectErrorKind::NotElf, 0, not_elf(bytes))
            .help("give the object that clang -target bpf -c wrote"));
    };
    if ident[1] == elf::ELFDATA2MSB.0 {
        let found = "the object is big-endian (bpfeb); skep reads little-endian objects only";
        return Err(error(ObjectErrorKind::BigEndian, 5, found.into())
            .help("compile it with -target bpfel, or -target bpf on a little-endian machine"));
    }
    if ident[1] != elf::ELFDATA2LSB.0 {
        return Err(error(
            ObjectErrorKind::NotElf,
            5,
            format!("byte order {} is unknown", ident[1]),
        ));
    }
    if ident[0] != elf::ELFCLASS64.0 {
        let found = "it is a 32-bit ELF file, and BPF objects are 64-bit";
        return Err(error(ObjectErrorKind::NotBpf, 4, found.into()));
    }
    let header = Header::parse(bytes).map_err(|_| {
        let found = if bytes.len() < size_of::<Header>() {
            format!(
                "{} bytes are too few for an ELF header of {}",
                bytes.len(),
                size_of::<Header>()
            )
        } else {
            format!("ELF version {} is unknown", bytes[6])
        };
        error(ObjectErrorKind::Malformed, 0, found)
    })?;
    kind(header)?;
    Ok(header)
}

fn not_elf(bytes: &[u8]) -> String {
    let looks_like_text =
        bytes.iter().take(64).all(|b| b.is_ascii_graphic() || b.is_ascii_whitespace());
    match bytes {
        [0x9f, 0xeb, ..] => "this is raw BTF, not an ELF object".into(),
        [b'B', b'C', 0xc0, 0xde, ..] => "this is LLVM bitcode, not an ELF object".into(),
        [b'!', b'<', b'a', b'r', b'c', b'h', b'>', ..] => {
            "this is an archive, not an ELF object".into()
        }
        _ if elf::ELFMAG.starts_with(bytes) || bytes.starts_with(&elf::ELFMAG) => {
            format!("the file ends after {} bytes, within the ELF header", bytes.len())
        }
        _ if looks_like_text => "this is text, not an ELF object".into(),
        _ => "this is not an ELF file".into(),
    }
}

fn kind(header: &Header) -> Result<(), ObjectError> {
    let machine = header.e_machine(LE);
    // clang before 4.0 left the machine open.
    if machine != elf::EM_BPF && machine != elf::EM_NONE {
        let name = match machine {
            elf::EM_X86_64 => "x86-64".into(),
            elf::EM_AARCH64 => "aarch64".into(),
            elf::EM_RISCV => "RISC-V".into(),
            elf::EM_S390 => "s390".into(),
            elf::EM_PPC64 => "PowerPC".into(),
            other => format!("machine {}", other.0),
        };
        let found = format!("this is an ELF file for {name}, not for BPF");
        return Err(ObjectError::new(ObjectErrorKind::NotBpf, Place::file(18), found)
            .help("compile BPF programs with clang -target bpf -c"));
    }
    let kind = header.e_type(LE);
    if kind != elf::ET_REL {
        let found = format!("ELF type {} is no relocatable object (type 1)", kind.0);
        return Err(ObjectError::new(ObjectErrorKind::NotBpf, Place::file(16), found)
            .help("give the object that the compiler wrote (-c), not a linked file"));
    }
    Ok(())
}

/// Why the section headers cannot be read.
pub(super) fn truncated(bytes: &[u8], header: &Header, error: &object::read::Error) -> ObjectError {
    let start = header.e_shoff(LE);
    let end = start.saturating_add(u64::from(header.e_shnum(LE)) * 64);
    let (place, found) = if end > bytes.len() as u64 {
        let len = bytes.len();
        (
            Place::file(start),
            format!("the section headers reach to {end:#x}, but the file ends at {len:#x}"),
        )
    } else {
        (Place::file(40), format!("the section headers cannot be read ({error})"))
    };
    ObjectError::new(ObjectErrorKind::Malformed, place, found)
        .help("the file is cut short or damaged: compile or copy it again")
}
