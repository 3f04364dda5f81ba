//! Small ELF files that are no BPF objects, or that skep does not take.

use std::path::PathBuf;

use tempfile::TempDir;

/// A folder with files, which goes away with the value.
pub(crate) struct Files(TempDir);

impl Files {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Writes a file; returns its path.
    pub(crate) fn file(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

/// A relocatable 64-bit ELF file for BPF with a section table that holds only the names of its sections.
pub(crate) fn bpf_without_programs(big_endian: bool) -> Vec<u8> {
    const MACHINE_BPF: u16 = 247;
    const NAMES: &[u8] = b"\0.shstrtab\0\0\0\0\0\0";
    let put = |bytes: &mut Vec<u8>, value: u64, size: usize| {
        let le = value.to_le_bytes();
        let mut part = le[..size].to_vec();
        if big_endian {
            part.reverse();
        }
        bytes.extend(part);
    };
    let mut bytes = vec![0x7f, b'E', b'L', b'F', 2, if big_endian { 2 } else { 1 }, 1, 0];
    bytes.extend([0; 8]);
    let names_at = 64;
    let sections_at = names_at + NAMES.len() as u64;
    // type REL, machine, version; entry, program headers, section headers.
    for (value, size) in
        [(1, 2), (u64::from(MACHINE_BPF), 2), (1, 4), (0, 8), (0, 8), (sections_at, 8)]
    {
        put(&mut bytes, value, size);
    }
    // flags, header size, program header size and number, section header size and number, index of names.
    for (value, size) in [(0, 4), (64, 2), (0, 2), (0, 2), (64, 2), (2, 2), (1, 2)] {
        put(&mut bytes, value, size);
    }
    bytes.extend(NAMES);
    bytes.extend([0; 64]);
    // .shstrtab: name, type STRTAB, flags, address, offset, size, link, info, alignment, entry size.
    let size = NAMES.len() as u64;
    let fields =
        [(1, 4), (3, 4), (0, 8), (0, 8), (names_at, 8), (size, 8), (0, 4), (0, 4), (1, 8), (0, 8)];
    for (value, size) in fields {
        put(&mut bytes, value, size);
    }
    bytes
}
