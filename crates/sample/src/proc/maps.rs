//! `/proc/PID/maps`: what a process has mapped.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStringExt;

use skep_abi::{Mapping, Pid};

/// The executable mappings of a process, by address.
///
/// # Errors
/// As `open(2)` and `read(2)` of the file: the process is gone or not ours to look at.
pub(crate) fn executable_mappings(pid: Pid) -> io::Result<Vec<Mapping>> {
    let text = fs::read(format!("/proc/{pid}/maps"))?;
    Ok(parse(&text).filter(|region| region.executable).map(|region| region.mapping).collect())
}

struct Region {
    mapping: Mapping,
    executable: bool,
}

/// Reads each line that has the documented form; others are skipped.
fn parse(text: &[u8]) -> impl Iterator<Item = Region> {
    text.split(|byte| *byte == b'\n').filter_map(line)
}

/// `START-END PERMS OFFSET DEVICE INODE   PATH`, the path with line feeds as `\012`.
fn line(line: &[u8]) -> Option<Region> {
    let mut rest = line;
    let mut word = || {
        let end = rest.iter().position(|byte| *byte == b' ').unwrap_or(rest.len());
        let (word, after) = rest.split_at_checked(end)?;
        rest = after.get(1..).unwrap_or_default();
        std::str::from_utf8(word).ok()
    };
    let (start, end) = word()?.split_once('-')?;
    let (permissions, offset) = (word()?, word()?);
    let (_device, _inode) = (word()?, word()?);
    let path = rest.trim_ascii_start();
    let path = if path.is_empty() { b"//anon".to_vec() } else { unescape(path) };
    let mapping = Mapping {
        start: u64::from_str_radix(start, 16).ok()?,
        end: u64::from_str_radix(end, 16).ok()?,
        file_offset: u64::from_str_radix(offset, 16).ok()?,
        path: OsString::from_vec(path).into(),
        build_id: Vec::new(),
    };
    Some(Region { mapping, executable: permissions.contains('x') })
}

fn unescape(path: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((byte, after)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(br"\012") {
            plain.push(b'\n');
            rest = after;
        } else {
            plain.push(*byte);
            rest = after;
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_read_as_the_kernel_prints_them() {
        let text = b"55a0c0000000-55a0c0001000 r-xp 00002000 08:01 1234                       /usr/bin/a b\\012c (deleted)\n\
            7f0000000000-7f0000001000 rwxp 00000000 00:00 0 \n\
            7ffc00000000-7ffc00021000 rw-p 00000000 00:00 0                          [stack]\n\
            rubbish\n\n";
        let regions: Vec<_> = parse(text).collect();
        assert_eq!(regions.len(), 3);
        let first = &regions[0].mapping;
        assert_eq!(
            (first.start, first.end, first.file_offset),
            (0x55a0_c000_0000, 0x55a0_c000_1000, 0x2000)
        );
        assert_eq!(first.path.to_str(), Some("/usr/bin/a b\nc (deleted)"));
        assert_eq!(regions[1].mapping.path.to_str(), Some("//anon"));
        assert!(regions[1].executable && !regions[2].executable);
    }

    #[test]
    fn our_own_code_is_mapped() {
        let pid = Pid(std::process::id());
        let code = our_own_code_is_mapped as fn() as usize as u64;
        let mappings = executable_mappings(pid).unwrap();
        let mapping = mappings.iter().find(|m| m.file_offset_of(code).is_some()).unwrap();
        assert_eq!(mapping.path, std::env::current_exe().unwrap());
    }
}
