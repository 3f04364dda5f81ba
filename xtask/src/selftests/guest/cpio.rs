//! The guest's initial file system: a cpio archive of the "newc" form, which the kernel unpacks at boot.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use crate::selftests::Object;

/// Folder, regular file that may be executed, as `st_mode` has them.
const FOLDER: u32 = 0o040_755;
const FILE: u32 = 0o100_755;

/// Writes an archive with `init` and the objects in `/objs`.
pub(super) fn write(path: &Path, init: &Path, objects: &[&Object]) -> Result<(), String> {
    let wrong = |e: io::Error| format!("{}: {e}", path.display());
    let read = |path: &Path| fs::read(path).map_err(|e| format!("{}: {e}", path.display()));
    let mut out = BufWriter::new(File::create(path).map_err(wrong)?);
    let mut inode = 0;
    for folder in ["objs", "proc", "sys", "tmp"] {
        inode += 1;
        entry(&mut out, folder, FOLDER, inode, &[]).map_err(wrong)?;
    }
    inode += 1;
    entry(&mut out, "init", FILE, inode, &read(init)?).map_err(wrong)?;
    for object in objects {
        inode += 1;
        let name = format!("objs/{}.o", object.name);
        entry(&mut out, &name, FILE, inode, &read(&object.path)?).map_err(wrong)?;
    }
    entry(&mut out, "TRAILER!!!", 0, 0, &[]).map_err(wrong)?;
    out.flush().map_err(wrong)
}

fn entry(
    out: &mut impl Write,
    name: &str,
    mode: u32,
    inode: u32,
    content: &[u8],
) -> io::Result<()> {
    let size = u32::try_from(content.len()).map_err(|_| io::ErrorKind::FileTooLarge)?;
    let name_size = name.len() as u32 + 1;
    write!(out, "070701")?;
    // Inode, mode, owner, group, links, time, size, two devices, length of the name, checksum.
    for field in [inode, mode, 0, 0, 1, 0, size, 0, 0, 0, 0, name_size, 0] {
        write!(out, "{field:08x}")?;
    }
    out.write_all(name.as_bytes())?;
    pad(out, 110 + name_size, 1)?;
    out.write_all(content)?;
    pad(out, size, 0)
}

/// Fills up to a multiple of four, after at least `least` bytes.
fn pad(out: &mut impl Write, length: u32, least: u32) -> io::Result<()> {
    let rest = if least == 0 { length.wrapping_neg() % 4 } else { 1 + length.wrapping_neg() % 4 };
    out.write_all(&[0; 4][..rest as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_contents_begin_at_multiples_of_four() {
        let mut archive = Vec::new();
        entry(&mut archive, "a", FILE, 7, b"hello").unwrap();
        assert_eq!(&archive[..6], b"070701");
        assert_eq!(&archive[110..112], b"a\0");
        assert_eq!(&archive[112..117], b"hello");
        assert_eq!(archive.len() % 4, 0);
        entry(&mut archive, "bcd", FILE, 8, b"").unwrap();
        assert_eq!(archive.len() % 4, 0);
    }
}
